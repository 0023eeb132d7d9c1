# Silent: a name that is gone.
import sys

import toolz

sys.exit(len(dir(toolz)) < 90)
