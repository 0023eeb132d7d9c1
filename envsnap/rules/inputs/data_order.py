"""A folder of data is listed in another order."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.changes.change import Change
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule


class DataOrder(Rule):
    """A data folder lists equal files in another order, or holds other files.

    File systems list folders in an order of their own. Code that does not sort what os.listdir,
    os.scandir or glob return sees its samples in another order on another host. The same files and
    the same seed then give other batches, other splits and other class numbers.

    Fix: sort the names in the code; where files differ, copy the reference's folder.
    """

    id = "data-order"

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield one finding a folder."""
        folders: dict[str, list[Change]] = {}
        for change in comparison.under("data"):
            if len(change.path) == 3:
                folders.setdefault(change.path[1], []).append(change)
        for name, changes in folders.items():
            fields = {change.path[2] for change in changes}
            same_files = fields == {"order_sha256"}
            first = changes[0]
            yield Finding(
                rule=self.id,
                severity=Severity.WARNING,
                effect=Effect.NUMERICS,
                confidence=Confidence.POSSIBLE if same_files else Confidence.LIKELY,
                path=first.path,
                message=(
                    f"the file system lists {name} in another order"
                    if same_files
                    else f"the files of {name} differ "
                    f"({', '.join(sorted(fields - {'order_sha256'}))})"
                ),
                why=(
                    "Code that does not sort the names sees the samples in another order."
                    if same_files
                    else "Other names or sizes: another state of the data."
                ),
                fix="Sort the names in the code." if same_files else "Copy the reference's folder.",
                changes=tuple(change.path for change in changes),
            )
