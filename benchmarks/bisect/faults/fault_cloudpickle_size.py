# Silent: the length of what is written.
import sys

import cloudpickle

sys.exit(len(cloudpickle.dumps(lambda x: x)) > 445)
