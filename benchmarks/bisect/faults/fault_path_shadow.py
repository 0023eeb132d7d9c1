# A folder on the path brings a module that nobody asked for.
import sys

try:
    import fast_path
except ImportError:
    sys.exit(0)
sys.exit(fast_path.answer(2) != 4)
