# A sum in as many parts as there are processors: its last bits depend on their number.
import math
import os
import struct
import sys

values = [math.sin(number) for number in range(1, 5001)]
parts = len(os.sched_getaffinity(0))
total = sum(sum(values[first::parts]) for first in range(parts))
told = struct.pack("d", total).hex()
print(told)
sys.exit(told != os.environ.get("GOLD", told))
