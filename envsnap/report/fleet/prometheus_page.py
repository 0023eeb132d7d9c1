"""A fleet as metrics in the text format of Prometheus, for a textfile collector."""

from __future__ import annotations

from envsnap.fleet.verdict import STATES, Verdict
from envsnap.report.sanitize import plain

MOST_KINDS = 1000
MOST_ODD = 10_000  # series a host: only those that are not same


def render(verdict: Verdict) -> str:
    """Write hosts by state, hosts by kind, and one series for each host that is not the same."""
    lines = ["# HELP envsnap_fleet_hosts Hosts of the fleet by state.", _type("hosts")]
    lines += [f'envsnap_fleet_hosts{{state="{state}"}} {verdict.states[state]}' for state in STATES]
    lines += [
        "# HELP envsnap_fleet_kind_hosts Hosts of each kind, and the worst finding about it.",
        _type("kind_hosts"),
    ]
    for kind in verdict.kinds[:MOST_KINDS]:
        worst = kind.worst()
        labels = _labels(kind=kind.name, state=kind.state, severity=worst.value if worst else "")
        lines.append(f"envsnap_fleet_kind_hosts{labels} {len(kind.hosts)}")
    odd: list[tuple[str, str]] = [
        (host, kind.state) for kind in verdict.kinds if kind.state != "same" for host in kind.hosts
    ]
    odd += [(host, group.state) for group in verdict.silent for host in group.hosts]
    if odd:
        lines += ["# HELP envsnap_fleet_host_odd A host that is not the same.", _type("host_odd")]
    lines += [
        f"envsnap_fleet_host_odd{_labels(host=host, state=state)} 1"
        for host, state in odd[:MOST_ODD]
    ]
    return "\n".join(lines) + "\n"


def _type(name: str) -> str:
    return f"# TYPE envsnap_fleet_{name} gauge"


def _labels(**labels: str) -> str:
    inside = ",".join(f'{key}="{_escaped(value)}"' for key, value in labels.items())
    return f"{{{inside}}}"


def _escaped(text: str) -> str:
    return plain(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
