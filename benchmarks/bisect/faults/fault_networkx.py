import networkx

print(list(networkx.compute_v_structures(networkx.DiGraph([(0, 2), (1, 2)]))))
