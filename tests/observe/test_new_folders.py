"""What a run writes into folders that it has just made, whoever writes it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from envsnap.observe.inotify import Watch

WRITES = """
import os, sys
for number in range(40):
    os.makedirs(f"{sys.argv[1]}/a{number}/b")
    os.close(os.open(f"{sys.argv[1]}/a{number}/b/out.db", os.O_CREAT | os.O_WRONLY))
"""


def test_a_file_that_is_there_before_the_watch_is_seen(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "kept.db").write_text("x")
    for _ in range(5):
        place = tmp_path / f"run{_}"
        place.mkdir()
        watch = Watch([str(tmp_path / "old"), str(place)])
        subprocess.run([sys.executable, "-c", WRITES, str(place)], check=True)
        watch.stop()
        wanted = {str(place / f"a{number}" / "b" / "out.db") for number in range(40)}
        assert wanted <= watch.written
        assert not any("kept" in path for path in watch.written)
