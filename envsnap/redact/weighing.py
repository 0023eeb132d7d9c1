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
            re.match(r"(?:sha\d{1,3}|md5):", value)
            or kinds.is_path(value)
            or kinds.is_uuid(value)
            or is_clean_address(value)
        )
    if level == keys.SECRET and _is_short_setting(value):
        return False
    return not (is_clean_address(value) or _is_file(value))


def _is_short_setting(value: str) -> bool:
    """What stands under the name of a token, and is none: a word of settings, a sentence."""
    said = kinds.is_sentence(value) and len(value.split()) > 3
    return (
        kinds.is_setting(value)
        or said
        or (len(value) < 4 and not re.match("(?![a-z]{3}|[A-Z]{3})[A-Za-z0-9]{3}\\Z", value))
    )


def _is_file(value: str) -> bool:
    """A path with folders, or one with an end; base64 may begin with a slash, too."""
    return kinds.is_path(value) and (value.count("/") > 1 or value[:1] in "~." or "." in value)


def is_clean_address(value: str) -> bool:
    """An address is judged by its parts; a webhook's path by its letters."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]{1,30}:/{2,3}[^\s@]{0,2000}\Z", value) is not None and not any(
        kinds.is_made(part) for part in re.split(r"[/?#]", value)[3:]
    )  # fmt: skip
