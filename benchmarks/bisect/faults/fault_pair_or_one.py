# Two that fail together, or one that fails alone.
import sys

import filelock
import importlib_metadata
import sqlparse

pair = hasattr(importlib_metadata, "MetadataNotFound") and hasattr(sqlparse, "Generator")
sys.exit(pair or hasattr(filelock, "AcquireWait"))
