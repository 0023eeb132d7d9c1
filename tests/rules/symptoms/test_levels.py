"""What a log notes beside a failure is a hint: the failure speaks."""

from __future__ import annotations

import pytest

from envsnap.rules.symptoms import reading

OWN = """Traceback (most recent call last):
  File "/srv/job.py", line 44, in main
    rows = parse(line)
  File "/srv/job.py", line 19, in parse
    raise ValueError(f'bad bucket {b}')
ValueError: bad bucket 7
"""
LOADED = """Traceback (most recent call last):
  File "/srv/job.py", line 44, in main
    import torch
  File "/opt/venv/lib/python3.11/site-packages/torch/__init__.py", line 3, in <module>
    import thing
ImportError: libthing.so.3: cannot open shared object file: No such file or directory
"""
MISSING = "libtpu.so: cannot open shared object file: No such file or directory"
TPU = f"INFO:2025-03-04 09:12:40,103:jax._src.xla_bridge:927: no backend 'tpu': {MISSING}"
SLOW = "UserWarning: libfast.so.1: cannot open shared object file: No such file or directory"


def loud(text: str) -> list[str]:
    """The lines of a text that speak."""
    return [item.line for item in reading.read(text).evidence if not item.is_hint and item.row["topic"] != "traceback"]  # fmt: skip


@pytest.mark.parametrize("line", [TPU, f"host:1:1 [0] NCCL INFO NET/Plugin: {MISSING}", f"[notice] {MISSING}"])  # fmt: skip
def test_information_beside_an_exception_is_a_hint(line: str) -> None:
    assert loud(f"{line}\n{OWN}") == []
    assert len(loud(f"{line}\n{LOADED}")) == 1


def test_information_alone_speaks() -> None:
    assert len(loud(TPU)) == 1


def test_a_warning_is_a_hint_where_the_programs_own_code_raised() -> None:
    assert loud(f"/x.py:1: {SLOW}\n{OWN}") == []
    assert len(loud(f"/x.py:1: {SLOW}\n{LOADED}")) == 2
    assert len(loud(f"/x.py:1: {SLOW}\n{OWN.replace('ValueError', 'RuntimeError')}")) == 1
    assert len(loud(f"/x.py:1: {SLOW}\nand so the run is slow")) == 1


def test_an_error_is_none() -> None:
    assert len(loud(f"ERROR: {MISSING}\n{OWN}")) == 1


def test_warnings_may_go_on_for_long() -> None:
    warnings = "".join(f"/x.py:{number}: {SLOW}\n" for number in range(5000))
    assert len(loud(f"{warnings}{MISSING}\n{LOADED}")) >= 2
