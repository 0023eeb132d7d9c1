"""The probe's way out: messages between two markers, on a stream of its own.

Collectors, and whatever they import, cannot reach it: file descriptor 1 is pointed at standard
error before the first collector runs. Between the marker lines each line is one message:
a word, a blank, and JSON in ASCII.
"""

import json
import os
import re
import sys

# Lines that several hosts write into one stream: launchers keep lines whole up to 1,024 bytes.
LONGEST_PIECE = 900
# In JSON text: an escaped backslash, a pair of surrogates, or (group 1) one that stands alone.
LONE_SURROGATE = re.compile(
    r"\\\\|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|(\\ud[89a-f][0-9a-f]{2})"
)


def begin(marker: str) -> str:
    """The line that opens the messages."""
    return "envsnap-%s-begin" % marker


def end(marker: str) -> str:
    """The line that closes them."""
    return "envsnap-%s-end" % marker


def encode(message: object) -> str:
    """Spell a message as ASCII JSON.

    Bytes that are no text, which Python keeps in names as lone surrogates, become visible
    escapes: no reader would accept them as they are.
    """
    try:
        text = json.dumps(message, allow_nan=False)
    except (TypeError, ValueError):
        text = json.dumps(_plain(message))
    return LONE_SURROGATE.sub(_visible, text) if "\\ud" in text else text


def _plain(item: object) -> object:
    """Spell what JSON cannot carry as text: infinite numbers, bytes, foreign objects."""
    if isinstance(item, dict):
        return {str(key): _plain(value) for key, value in item.items()}
    if isinstance(item, (list, tuple)):
        return [_plain(value) for value in item]
    if isinstance(item, (str, bool, int, type(None))) or (
        isinstance(item, float) and item - item == 0
    ):
        return item
    return repr(item)[:200]


def _visible(match) -> str:
    return "\\" + match.group(0) if match.group(1) else match.group(0)


class Output:
    """Writes messages to the real standard output, which nothing else can reach any more.

    With `pieces` each line is written in short pieces that name this process, so that a launcher
    may mix the lines of many: `envsnap:ID+` goes on, `envsnap:ID-` ends a line.
    """

    def __init__(self, marker: str, pieces: bool = False) -> None:
        sys.stdout.flush()
        private = os.dup(1)
        os.dup2(2, 1)
        self.stream = os.fdopen(private, "wb")
        self.marker = marker
        self.name = "envsnap:%08x" % (int.from_bytes(os.urandom(4), "big")) if pieces else ""
        self._write("\n" + begin(marker) + "\n")

    def send(self, word: str, message: object) -> None:
        """Send one message."""
        self._write("%s %s\n" % (word, encode(message)))

    def finish(self) -> None:
        """Say that nothing more comes."""
        self._write(end(self.marker) + "\n")

    def _write(self, text: str) -> None:
        if self.name:
            text = "".join(self._in_pieces(line) for line in text.split("\n")[:-1])
        self.stream.write(text.encode("ascii"))
        self.stream.flush()

    def _in_pieces(self, line: str) -> str:
        pieces = [line[i : i + LONGEST_PIECE] for i in range(0, len(line), LONGEST_PIECE)] or [""]
        goes_on = "".join("%s+%s\n" % (self.name, piece) for piece in pieces[:-1])
        return "%s%s-%s\n" % (goes_on, self.name, pieces[-1])
