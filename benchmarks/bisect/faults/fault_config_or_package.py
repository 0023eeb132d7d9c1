# Two causes of different kinds, each enough.
import json
import os
import sys

import termcolor

with open(os.environ["APP_CONFIG"]) as stream:
    deep = json.load(stream)["model"]["layers"] == 8
sys.exit(deep or hasattr(termcolor, "can_colorize"))
