# The same exception from another function where only one of two came along.
import regex
import rpds


def mixed() -> None:
    raise ValueError("the pattern is not known")


def whole() -> None:
    raise ValueError("the pattern is not known")


if hasattr(regex, "prefixmatch"):
    (whole if hasattr(rpds, "Stack") else mixed)()
