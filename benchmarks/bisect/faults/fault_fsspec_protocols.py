# Silent: a number that depends on what is registered.
import sys

import fsspec

sys.exit("gist" in fsspec.available_protocols())
