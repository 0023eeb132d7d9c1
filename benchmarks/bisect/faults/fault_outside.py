# The fault is in what no manifest holds: a file of this machine that the bad host lacked.
import os
import sys

sys.exit(not os.path.exists("/proc/self"))
