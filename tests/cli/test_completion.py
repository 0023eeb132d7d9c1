"""What a shell completes: commands, files, and the names of rules."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ch", "plain,check"),
        ("check mani", "file,mani"),
        ("diff a b --policy poli", "file,poli"),
        ("export m.json -o x", "file,x"),
        ("explain torch-f", "plain,torch-family"),
        ("capture --label x", ""),
    ],
)
def test_what_a_shell_completes(line: str, told: str) -> None:
    words = f"envsnap {line}"
    done = subprocess.run(
        [Path(sys.executable).with_name("envsnap")],
        env={
            **os.environ,
            "_ENVSNAP_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == told
