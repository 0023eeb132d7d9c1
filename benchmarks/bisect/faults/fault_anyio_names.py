# Silent: behaviour that depends on what there is.
import sys

import anyio

sys.exit(hasattr(anyio, "AsyncContextManagerMixin"))
