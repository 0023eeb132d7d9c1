"""`envsnap bisect`."""

from __future__ import annotations

import sys

from envsnap import api
from envsnap.cli import bisecting, declared, inputs
from envsnap.errors import InputError
from envsnap.model import storage


@declared.command()
@bisecting.run_options
@bisecting.search_options
@bisecting.report_options
@declared.argument("good")
@declared.argument("bad")
@declared.argument("words", nargs=-1, required=True, metavar="-- COMMAND…")
def command(
    good: str,
    bad: str,
    words: tuple[str, ...],
    style: str,
    output: str,
    color: str,
    plan: bool,
    yes: bool,
    keep_case: str | None,
    **chosen: object,
) -> int:
    """Prove by experiment which difference makes a command fail.

    GOOD and BAD are manifests. Both environments are rebuilt here, and COMMAND runs with sets of
    their differences. The result is a minimal set that makes it fail, proven both ways. COMMAND
    exits with 0 if it works, and with 125 if it cannot decide.
    """
    if "--" not in sys.argv:
        raise InputError("write -- before the command")
    inputs.once_from_stdin((good, bad))
    for path in (output, keep_case or "-", str(chosen.get("log") or "-")):
        if path != "-":
            storage.require_place(path)
    options = bisecting.read(chosen)
    first, second = (inputs.document(name).manifest for name in (good, bad))
    if plan:
        prepared = api.plan_bisection(first, second, words, options)
        return bisecting.finish_plan(prepared, style, output, (good, bad))
    bisecting.require_consent(yes=yes or options.resume, in_place=options.in_place)
    with bisecting.interruptible(), bisecting.Display() as display:
        found = api.bisect_environments(
            first, second, words, options, names=(good, bad), tell=display.tell
        )
    if keep_case is not None:
        api.keep_case(found, first, second, keep_case)
    return bisecting.finish(found, style, output, color, (good, bad))
