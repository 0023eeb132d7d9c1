"""`python -m benchmarks.formats`: facts of all case files and their mutations: right, wrong, missed."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.errors import InputError
from tests.intake import test_format_cases as cases

PIECES = 40


def mutations(name: str) -> Iterator[tuple[str, bytes]]:
    """The case as it is, as people have it, and cut where its end cannot take anything back."""
    data = cases.source(name).read_bytes()
    start = cases.settled(name)
    text = data.decode()
    yield "as it is", data
    for what, change in {**cases.ALIKE, **cases.AROUND}.items():
        made = change(text)
        yield what, made if isinstance(made, bytes) else made.encode()
    for end in range(start, len(data), max(1, len(data) // PIECES)):
        yield "cut", data[:end]


def main() -> None:
    """Print one line a mutation."""
    told: dict[str, list[int]] = {}
    for name in cases.NAMES:
        right = cases.stated(name)
        for what, data in mutations(name):
            counts = told.setdefault(what, [0, 0, 0, 0, 0])
            counts[0] += len(right)
            try:
                found = cases.read(data, str(cases.source(name)))
            except InputError:
                counts[3] += len(right)
                counts[4] += 1
                continue
            false = cases.wrong(found, right, other_bytes=True)
            if what == "cut":  # a file of less is whole: what it says of its end is no error
                false = cases._beyond_names(false, right)  # noqa: SLF001 (the test's own measure)
            same = sum(right.get(path, ...) == value for path, value in found.items())
            counts[1] += same
            counts[2] += len(false)
            counts[3] += len(right) - same
    print(f"{'mutation':24}{'facts':>9}{'right':>9}{'wrong':>7}{'missed':>9}{'refused':>9}")
    for what, (facts, right_ones, false_ones, missed, refused) in told.items():
        print(f"{what:24}{facts:9}{right_ones:9}{false_ones:7}{missed:9}{refused:9}")


if __name__ == "__main__":
    main()
