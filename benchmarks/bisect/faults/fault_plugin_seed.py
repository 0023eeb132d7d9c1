# A plugin that pytest finds by itself seeds before each test, so that two draws are the same.
import os
import sys
import tempfile

import pytest

TESTS = """
import random
drawn = set()
def test_first(): drawn.add(random.random())
def test_second(): drawn.add(random.random()); assert len(drawn) == 2
"""
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "test_draws.py")
    with open(path, "w") as stream:
        stream.write(TESTS)
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "--rootdir", folder, path]))
