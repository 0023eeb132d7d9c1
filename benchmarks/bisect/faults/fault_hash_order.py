# The order of a set decides the answer.
import os
import sys

order = "".join({"mean", "std", "layers", "width", "depth", "rate", "decay"})
print(order)
sys.exit(order != os.environ.get("GOLD", order))
