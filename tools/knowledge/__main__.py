"""`python -m tools.knowledge`: what today's wheels say otherwise than the tables, or beside them.

It asks the package index through pip, one release after the other, and shows the rows that are new
(+), that say something else (~, with --verify), and that nobody could read (?). With --write the
rows are put into the tables, with today's date, and the table of the newest releases is made anew.
Requirements, the torch family, and CUDA builds of torch come from metadata; arch lists, drivers,
release notes and everything that was measured do not, and are left as they are.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
from pathlib import Path

from envsnap.knowledge import ages, tables
from tools.knowledge.index import Index
from tools.knowledge.renewals import RENEWALS, Change, Scope
from tools.knowledge.rows import Rows

FOLDER = Path(__file__).parents[2] / "envsnap" / "knowledge"


def arguments() -> argparse.Namespace:
    """What the command was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--package", action="append", default=[], help="ask about these packages alone"
    )
    parser.add_argument(
        "--table", choices=tuple(RENEWALS), action="append", help="renew these tables alone"
    )
    parser.add_argument("--most", type=int, default=8, help="releases of each package to ask about")
    parser.add_argument("--verify", action="store_true", help="ask about known releases, too")
    parser.add_argument("--python", default="3.11", help="the Python whose wheels are meant")
    parser.add_argument("--write", action="store_true", help="put what is new into the tables")
    return parser.parse_args()


def main() -> None:
    """Show what changed, and write it where that was asked for."""
    asked = arguments()
    scope = Scope(packages=tuple(asked.package), most=asked.most, verify=asked.verify)
    index = Index(asked.python)
    found: list[Change] = []
    for name in asked.table or RENEWALS:
        for change in RENEWALS[name](index, scope):
            print(change.told(), flush=True)
            found.append(change)
    print(
        f"{sum(item.row is not None for item in found)} rows of {len(found)} asked say something new"
    )
    if asked.write:
        write(found, FOLDER)


def write(changes: list[Change], folder: Path) -> None:
    """Put changes into the files of a folder of tables; say the day, and renew `newest`."""
    day = dt.datetime.now(tz=dt.UTC).date().isoformat()
    for name in sorted({item.table for item in changes if item.row is not None}):
        rows = Rows(folder / f"{name}.json")
        for item in changes:
            if item.table == name and item.row is not None:
                rows.add(item.row, item.anchor) if item.is_new else rows.replace(
                    item.anchor, item.row
                )
        rows.write(day)
    tables.table.cache_clear()
    path = folder / "newest.json"
    stated = json.loads(path.read_text(encoding="utf-8"))
    rows = {**stated, "read_on": day, "rows": ages.computed()}
    path.write_text(spelled(rows), encoding="utf-8")


def spelled(found: dict[str, object]) -> str:
    """A small table as it is kept: one key a line, and one row a line."""
    lines = [f" {json.dumps(key)}: {json.dumps(found[key])}" for key in found if key != "rows"]
    rows = json.dumps(found["rows"], indent=1).replace("\n", "\n ")
    return "{\n" + ",\n".join([*lines, f' "rows": {rows}']) + "\n}\n"


if __name__ == "__main__":
    main()
