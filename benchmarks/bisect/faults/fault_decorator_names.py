# Silent.
import sys

import decorator

sys.exit(len(dir(decorator)) > 34)
