"""Files of distributions that are not what RECORD states: inside an image, or where it was captured."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from envsnap.changes.change import ChangeKind
from envsnap.image.proving.fact import Fact
from envsnap.model import reading
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text

EDITED_THERE = "its files were edited, or lost, where it was captured; inside they are as published"


def inside(manifest: Manifest, image: Manifest) -> Iterator[Fact]:
    """Yield the distributions whose files inside are not what their RECORD states.

    The captured environment may have the same edit; a container made from wheels does not.
    """
    mine, theirs = manifest.sections.packages, image.sections.packages
    if theirs is UNSET or theirs.entries is UNSET:
        return
    known = {} if mine is UNSET or mine.entries is UNSET else mine.entries
    for name, package in theirs.entries.items():
        for field in ("altered", "missing"):
            files = getattr(package, field)
            if not files:
                continue
            captured = getattr(known[name], field) if name in known else UNSET
            if captured is UNSET and isinstance(package.system_package, str):
                continue  # the distribution changes files after RECORD; dpkg answers for them
            if files != captured:
                yield Fact(
                    path=text(("packages", name, field)),
                    kind=ChangeKind.CHANGED,
                    captured=list(captured or ()),
                    inside=list(files),
                    reason="installed files are not what RECORD states",
                )


def there(manifest: Manifest, image: Manifest) -> Iterator[Fact]:
    """Yield the distributions whose files were edited where they were captured, and are not inside."""
    mine, theirs = reading.packages(manifest), reading.packages(image)
    if reading.stated(image, "packages", "verified") is not True:
        return
    for name, package in mine.items():
        for field in ("altered", "missing"):
            files = getattr(package, field)
            is_inside = name in theirs and bool(getattr(theirs[name], field))
            if files and not is_inside and not isinstance(package.system_package, str):
                yield Fact(
                    path=text(("packages", name, field)),
                    kind=ChangeKind.CHANGED,
                    captured=list(files),
                    inside=[],
                    reason=EDITED_THERE,
                )
