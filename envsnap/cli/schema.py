"""`envsnap schema`."""

from __future__ import annotations

from envsnap.cli import declared, outputs

NAMES = ("manifest", "report", "plan", "recording", "verdict", "bisection")


@declared.command()
@declared.argument("name", type=declared.Choice(NAMES), default="manifest")
@declared.option("-o", "--output", default="-", help="Write the schema here; - is standard output.")
def command(name: str, output: str) -> int:
    """Print the JSON Schema (2020-12) of what envsnap writes."""
    outputs.write(render(name).encode("ascii"), output, 0o644)
    return 0


def render(name: str) -> str:
    """The schema of `manifest`, `report`, `plan`, `recording`, `verdict` or `bisection`, as it is checked in under schemas/."""
    from envsnap.model import schema

    if name == "plan":
        from envsnap.image.planning.plan import Plan

        return schema.render(schema.schema_of(Plan, "envsnap-plan-1"))
    if name == "recording":
        from envsnap.replay.esr.recording import Record

        return schema.render(schema.schema_of(Record, "envsnap-recording-2"))
    if name == "verdict":
        from envsnap.replay.compare.verdict import Verdict

        return schema.render(schema.schema_of(Verdict, "envsnap-verdict-2"))
    if name == "bisection":
        from envsnap.bisection.result import Bisection

        return schema.render(schema.schema_of(Bisection, "envsnap-bisection-1"))
    if name == "report":
        from envsnap.report.document import ReportData

        return schema.render(schema.schema_of(ReportData, "envsnap-report-2"))
    return schema.render(schema.manifest_schema())
