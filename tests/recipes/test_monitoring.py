"""Alerts and dashboard: a real Prometheus scrapes a real node exporter, and alerts fire."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Run, lacking
from tests.golden import hosts
from tests.ports import free_port
from tests.recipes.conftest import RECIPES, tool

FOLDER = RECIPES / "monitoring"
GOLDEN = Path(hosts.__file__).parent / "dev-prod"
RULES = FOLDER / "envsnap.rules.yml"
DASHBOARD = FOLDER / "envsnap.dashboard.json"


def test_the_rules_are_what_promtool_says_they_do() -> None:
    promtool = tool("promtool", "prometheus")
    subprocess.run([promtool, "check", "rules", str(RULES)], check=True, capture_output=True)
    tests = FOLDER / "envsnap.rules.test.yml"
    done = subprocess.run(
        [promtool, "test", "rules", str(tests)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_finds_nothing_wrong_with_the_metrics(envsnap: Run) -> None:
    promtool = tool("promtool", "prometheus")
    done = envsnap("export", GOLDEN / "dev.json", GOLDEN / "prod.json", "--format", "prometheus")
    check = subprocess.run([promtool, "check", "metrics"], input=done.stdout, capture_output=True,
                           text=True, check=False)  # fmt: skip
    assert (check.returncode, check.stdout, check.stderr) == (0, "", "")


@contextlib.contextmanager
def started(command: list[str], log: Path) -> Iterator[None]:
    with open(log, "wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def ask(port: int, path: str, **query: str) -> Any:
    """What the API of Prometheus answers; None while it does not."""
    url = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


@pytest.fixture
def prometheus(envsnap: Run, tmp_path: Path) -> Iterator[int]:
    """A Prometheus that scrapes two hosts every second; its port."""
    exporter = tool("prometheus-node-exporter", "prometheus-node-exporter")
    server = tool("prometheus", "prometheus")
    ports = free_port(), free_port()
    port = free_port()
    rules = yaml.safe_load(RULES.read_text())
    for rule in rules["groups"][0]["rules"]:
        rule.pop("for", None)  # a test does not wait for fifteen minutes
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules))
    targets = {"targets": [f"127.0.0.1:{number}" for number in ports]}
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(tmp_path / "rules.yml")],
        "scrape_configs": [{"job_name": "node", "static_configs": [targets]}],
    }
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    with contextlib.ExitStack() as stack:
        for host, number in zip(("dev", "prod"), ports, strict=True):
            (tmp_path / host).mkdir()
            pair = (GOLDEN / "dev.json", GOLDEN / f"{host}.json")
            done = envsnap("export", *pair, "--format", "prometheus", "-o", f"{host}/envsnap.prom")
            assert done.returncode == 0, done.stderr
            options = ["--collector.disable-defaults", "--collector.textfile"]
            folder = f"--collector.textfile.directory={tmp_path / host}"
            listen = f"--web.listen-address=127.0.0.1:{number}"
            command = [exporter, *options, folder, listen]
            stack.enter_context(started(command, tmp_path / f"{host}.log"))
        command = [
            server,
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        stack.enter_context(started(command, tmp_path / "prometheus.log"))
        yield port


def firing(port: int) -> dict[str, str]:
    """The names of firing alerts, with their grades."""
    answer = ask(port, "alerts")
    alerts = answer["data"]["alerts"] if answer else []
    return {
        item["labels"]["alertname"]: item["labels"]["severity"]
        for item in alerts
        if item["state"] == "firing"
    }


def test_an_alert_fires_for_what_two_hosts_differ_in(prometheus: int) -> None:
    wanted = {
        "EnvsnapError": "critical",
        "EnvsnapWarning": "warning",
        "EnvsnapDrift": "warning",
        "EnvsnapStale": "warning",  # the golden manifests are of 2023
    }
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and firing(prometheus) != wanted:
        time.sleep(1)
    assert firing(prometheus) == wanted
    series = ask(prometheus, "query", query="envsnap_info")["data"]["result"]
    found = {item["metric"]["label"]: item["metric"]["fingerprint"] for item in series}
    assert found == {"dev": hosts.dev().fingerprint, "prod": hosts.prod().fingerprint}
    values = {title: _value(prometheus, expression) for title, expression in expressions()}
    assert values["Environments"] == "2"
    assert values["Hosts with errors"] == "1"
    assert values["Hosts with warnings"] == "1"
    assert values["Facts that are unknown"] == "0"
    assert None not in values.values()


def _value(port: int, expression: str) -> str | None:
    """The first value of an expression of the dashboard; None where Prometheus refuses it."""
    answer = ask(port, "query", query=expression)
    if answer is None or not answer["data"]["result"]:
        return None
    value: str = answer["data"]["result"][0]["value"][1]
    return value


def expressions() -> list[tuple[str, str]]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [
        (panel["title"], target["expr"].replace("$label", ".*"))
        for panel in panels
        for target in panel["targets"]
    ]


def without_defaults(tree: Any, written: Any) -> Any:
    """What was written again, without the fields that Grafana's types add with their defaults."""
    if isinstance(tree, dict) and isinstance(written, dict):
        return {key: without_defaults(tree[key], written.get(key)) for key in tree}
    if isinstance(tree, list) and isinstance(written, list) and len(tree) == len(written):
        return [without_defaults(*pair) for pair in zip(tree, written, strict=True)]
    return written


def test_the_dashboard_is_what_grafana_s_own_schema_says() -> None:
    """Read into Grafana's generated types and written again, nothing is lost or changed."""
    try:
        from grafana_foundation_sdk.cog.encoder import JSONEncoder
        from grafana_foundation_sdk.models.dashboard import Dashboard
    except ImportError:
        lacking("grafana-foundation-sdk is not installed (the extra is called test-export)")
    tree = json.loads(DASHBOARD.read_text())
    written = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(tree)))
    assert without_defaults(tree, written) == tree
    kinds = {"stat", "timeseries", "table"}
    assert {panel["type"] for panel in tree["panels"]} == kinds
    numbers = [panel["id"] for panel in tree["panels"]]
    assert len(set(numbers)) == len(numbers)
