"""Value against key: whether what stands under a name of some level is left out."""

import re

from . import keys, kinds


def hides(value: str, level: int) -> bool:
    """Tell whether a value is left out under a key of this level (of `keys`)."""
    if level < keys.PERHAPS or kinds.is_plain(value):
        return False
    if kinds.is_reference(value) and not (level >= keys.SECRET and kinds.is_random(value)):
        return False
    if level == keys.PERHAPS:
        return kinds.is_made(value) and not (
            kinds.is_path(value) or kinds.is_uuid(value) or is_clean_address(value)
        )
    if level == keys.SECRET and (
        kinds.is_setting(value) or kinds.is_sentence(value) or len(value) < 4
    ):
        return False
    # Base64 may begin with a slash: a path under such a name has folders, or is a file by its end.
    is_file = kinds.is_path(value) and (value.count("/") > 1 or value[:1] in "~." or "." in value)
    return not (is_clean_address(value) or is_file)


def is_clean_address(value: str) -> bool:
    """An address is judged by its parts; a webhook's path by its letters."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]{1,30}:/{2,3}[^\s@]{0,2000}\Z", value) is not None and not any(
        kinds.is_made(part) for part in re.split(r"[/?#]", value)[3:]
    )  # fmt: skip
