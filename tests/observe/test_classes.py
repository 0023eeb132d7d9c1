"""What a file is to a run, asked singly and asked of many."""

from __future__ import annotations

import itertools

from envsnap.observe import classes

PREFIXES = ("/opt/py", "/home/joe/venv")
FOLDERS = (
    "/opt/py", "/opt/py/lib", "/opt/py/lib/python3.11/site-packages/torch", "/home/joe/venv",
    "/home/joe/work", "/home/joe/work/data", "/usr/lib", "/proc/self", "/srv/x-packages", "",
)  # fmt: skip
NAMES = (
    "a.csv", "A.CSV", "model.pt", "weights.h5", "data.h5", "x.npz", "config.json", ".env", ".env.prod",
    "libc.so.6", "some.so", "x.so.txt", "lib", "libfoo.txt", "pyvenv.cfg", "train.py", "noending", "0",
)  # fmt: skip


def test_many_files_are_of_the_classes_that_each_is_of() -> None:
    parts = classes.parts(PREFIXES)
    paths = [f"{folder}/{name}" for folder, name in itertools.product(FOLDERS, NAMES)]
    for order in (paths, paths[::-1]):
        kinds = classes.Classes(parts)
        assert [kinds.of(path) for path in order] == [
            classes.classify(path, parts) for path in order
        ]
    assert len({classes.classify(path, parts) for path in paths}) == 6
