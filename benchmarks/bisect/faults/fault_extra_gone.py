# An optional distribution is not there any more, and another writer is taken silently.
import sys

try:
    import ujson as writer
except ImportError:
    import json as writer
sys.exit(writer.dumps({"path": "a/b"}) != '{"path":"a\\/b"}')
