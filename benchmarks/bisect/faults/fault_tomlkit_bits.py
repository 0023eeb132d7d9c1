import tomlkit

print(tomlkit.dumps({"a": {"b": [1, 2, {"c": 3}]}, "d": "x\ty"}))
