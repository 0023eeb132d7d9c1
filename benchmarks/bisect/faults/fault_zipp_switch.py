# Fails only where the new release meets the switch.
import os
import sys

import zipp

sys.exit(os.environ.get("PIPELINE_MODE") == "strict" and hasattr(zipp, "none_as"))
