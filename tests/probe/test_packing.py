"""What a child of the probe is packed from holds all that it imports, also where it judges a text."""

from __future__ import annotations

import subprocess
import sys

import pytest

from envsnap.probe import packing
from envsnap.targets import script

JUDGES = """
import os, sys
script = {"__name__": "script"}
exec(sys.stdin.read(), script)
script["_prepare"]()
from envsnap_probe import secrets
sys.stdout.write(secrets.clean_message("the password is tangerine9, says joe"))
"""


@pytest.mark.parametrize(
    "needed",
    [packing.NEEDED_BY_CHILDREN, packing.NEEDED_BY_CODECS, packing.NEEDED_BY_GPU_QUERY],
    ids=["import", "codecs", "gpus"],
)
def test_a_child_can_judge_what_it_says(needed: tuple[str, ...]) -> None:
    text = packing.pack(script.sources(nvml=False), {}, needed)
    done = subprocess.run(
        [sys.executable, "-c", JUDGES], input=text, capture_output=True, check=False, text=True
    )
    assert done.stdout == "the password is <redacted by envsnap>, says joe", done.stderr[-2000:]
