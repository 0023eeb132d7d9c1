"""A text within a text: what escapes its quotes, its ends of lines and its other signs."""

import re

# The signs "&'<=> by their numbers, as Go and PHP write them.
_BY_NUMBER = r"\\{1,25}(?:u00|x)(2[267]|3[cdeCDE])"
# Quotes and ends of lines in a text that is itself quoted, once or more often.
_ESCAPED = r"(\\{1,31})([\"'])(?=([\s,:;}\])\\]|\Z)?)"


def plain(text: str) -> str:
    """A text without what escapes its quotes and ends of lines, with every sign in its place."""
    text = re.sub(_BY_NUMBER, _character, text)
    text = re.sub(r"\\{1,31}[nrt]", lambda match: " " * (len(match.group()) - 1) + "\n", text)
    return re.sub(_ESCAPED, _quote, text)


def _character(match) -> str:
    """What JSON writes by its number, at the end of as many signs; a quote stays an escaped one."""
    character = chr(int(match.group(1), 16))
    filling = "\\" if character in "\"'" else "&" if character == "&" else " "
    return filling * (len(match.group()) - 1) + character


def _quote(match) -> str:
    """A quote without what escapes it, in as many signs; blanks stand outside of what it ends."""
    blanks = " " * len(match.group(1))
    return blanks + match.group(2) if match.group(3) is None else match.group(2) + blanks
