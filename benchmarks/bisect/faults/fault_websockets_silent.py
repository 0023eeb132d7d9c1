import sys

import websockets

sys.exit(getattr(websockets, "parse_uri", None) is None)
