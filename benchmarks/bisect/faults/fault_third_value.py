# The fault of one shows only where the other came along; without it another failure hides it.
import sys

import psutil
import toolz

new_toolz, new_psutil = len(dir(toolz)) < 90, not hasattr(psutil.Process, "memory_info_ex")
if new_toolz and not new_psutil:
    raise LookupError("a mixture that nobody has")
sys.exit(new_toolz and new_psutil)
