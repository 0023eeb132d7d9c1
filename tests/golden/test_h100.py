"""A real host with an H100, captured on 2026-11-27; what only names it, and its paths, are cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from envsnap import api
from envsnap.model import reading

FOLDER = Path(__file__).parent / "h100"
# The probe asked for it three hours after this host was captured.
ASKED_LATER = ("gpus", "0", "gsp_firmware")


def test_the_card_and_its_driver_are_stated() -> None:
    manifest = api.load(str(FOLDER / "manifest.json"))
    (card,) = reading.gpus(manifest).values()
    assert (card.name, card.compute_capability) == ("NVIDIA H100 80GB HBM3", "9.0")
    assert reading.stated(manifest, "driver", "version") == "580.159.04"
    assert reading.frameworks(manifest)["torch"].cuda == "13.0"


def test_nothing_that_it_states_is_called_an_error() -> None:
    found = api.check(api.load(str(FOLDER / "manifest.json"))).findings
    assert [item.rule for item in found if item.severity.value == "error"] == []


@pytest.mark.parametrize("name", ["nvidia-smi.txt", "nvidia-smi-q.txt"])
def test_what_nvidia_smi_prints_there_is_the_same_host(name: str) -> None:
    manifest, printed = (api.load(str(FOLDER / item)) for item in ("manifest.json", name))
    result = api.diff(manifest, printed)
    assert {item.path for item in result.findings} <= {ASKED_LATER}
    assert result.compared >= 8
    assert "packages" in result.lacking
    # The other way round only what the host has by itself is new, and each says its doubt.
    for finding in api.diff(printed, manifest).findings:
        assert finding.path == ASKED_LATER or "The reference does not state" in finding.why
