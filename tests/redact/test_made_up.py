"""What a look at made-up secrets and settings found: kinds that nobody had thought of."""

from __future__ import annotations

import pytest

from envsnap.redact import decision

MADE = "2d6474ce-7a8c-4aa9-994f-2d3b3002f006"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WLSSECRET", MADE),
        ("GUROBI_LICENSE", f"WLSACCESSID=6937b0d3-0000-4aa9-994f-2d3b3002f006 WLSSECRET={MADE}"),
        ("opsgenie", f"GenieKey {MADE}"),
        ("MIMA", "Hong-Bao-88"),
        ("access_id", "GOOG1E" + "RZWI61KQ" * 6 + "ABCDEFG"),
        ("lake", "abfss://raw:Reh_kitz9@lake.dfs.example.net/a"),
    ],
)
def test_secrets(name: str, value: str) -> None:
    assert decision.value(name, value)[1] is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("imagepullsecret", "regcred"),
        ("artifact_root", "wasbs://artifacts@store.blob.example.net/mlflow"),
        ("lake", "abfss://raw@lake.dfs.example.net/a"),
    ],
)
def test_settings(name: str, value: str) -> None:
    assert decision.value(name, value) == (value, None)
