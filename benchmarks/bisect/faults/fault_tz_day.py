# The same moment is another day elsewhere.
import sys
import time

sys.exit(time.localtime(1_700_000_000).tm_mday != 14)
