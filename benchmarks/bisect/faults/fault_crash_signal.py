# The process dies of a signal.
import os
import signal

import yarl

if hasattr(yarl, "query_to_pairs"):
    os.kill(os.getpid(), signal.SIGSEGV)
