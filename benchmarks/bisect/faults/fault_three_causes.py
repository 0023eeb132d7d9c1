# Each of three distributions is enough.
import sys

import fsspec
import psutil
import toolz

sys.exit(
    len(dir(toolz)) < 90
    or not hasattr(psutil.Process, "memory_info_ex")
    or "gist" in fsspec.available_protocols()
)
