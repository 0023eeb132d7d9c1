"""Builds the one script that a target runs, and the smaller ones that the probe's children run."""

import json
import os

# How an interpreter is told to run a script from its standard input. `python -` would do, but
# its tokenizer takes 100 ms for the long strings in ours; Python 2.7 understands this too.
READ_STDIN = ["-c", "import sys; exec(getattr(sys.stdin, 'buffer', sys.stdin).read())"]

_REDACT = (
    "decision",
    "addresses",
    "answers",
    "clauses",
    "commands",
    "declared",
    "digests",
    "elements",
    "escapes",
    "fallbacks",
    "fragments",
    "issuers",
    "keys",
    "kinds",
    "languages",
    "logins",
    "loose",
    "quiet",
    "sentences",
    "tables",
    "texts",
    "tools",
    "weighing",
    "words",
)
_CORE = (
    *("__init__", "main", "output", "record", "secrets", "collectors", "readers", "redact"),
    *("redact." + name for name in _REDACT),
)
NEEDED_BY_CHILDREN = (
    *_CORE,
    "collectors.framework_import",
    "readers.elf",
    "readers.mapped",
)
NEEDED_BY_CODECS = (
    *_CORE,
    "collectors.codecs",
    "collectors.codec_import",
    "collectors.opencv",
    "readers.codec_files",
    "readers.elf",
    "readers.loader",
    "readers.mapped",
)
NEEDED_BY_GPU_QUERY = (*_CORE, "collectors.gpu_query", "pynvml")


def pack(modules: dict, options: dict, only: tuple = (), packed: str = "") -> str:
    """Join the bootstrap, the options and the module sources into one ASCII script.

    `modules` maps module names to sources and holds the bootstrap's own under "bootstrap".
    With `packed`, which is all of them deflated, they are not written out; with the option
    `place`, the folder of our package, those that `modules` lacks are read there.
    """
    place = options.get("place", "")
    head, tail = (modules.get("bootstrap") or _bootstrap(place)).split("# -- modules --\n")
    parts = [head.replace('OPTIONS = "{}"', "OPTIONS = %s" % ascii(json.dumps(options)))]
    if packed:
        parts[0] = parts[0].replace('PACKED = ""', 'PACKED = "%s"' % packed)
        return parts[0] + tail
    if place:
        parts[0] = parts[0].replace('PLACE = ""', "PLACE = %s" % ascii(place))
    wanted = [name for name in sorted(modules) if not only or name in only]
    if not place and "bootstrap" not in wanted:
        wanted.append("bootstrap")
    parts.extend("MODULES[%r] = %s\n" % (name, _literal(modules[name])) for name in wanted)
    parts.append(tail)
    return "".join(parts)


def _bootstrap(place: str) -> str:
    with open(os.path.join(place, "probe", "bootstrap.py"), encoding="ascii") as stream:
        return stream.read()


def _literal(source: str) -> str:
    """Write a source as a raw string that people can read; escape what cannot be written so."""
    # Not character by character: the sources are long, and a capture waits for this.
    plain = len(source.encode("ascii", "ignore")) == len(source) and "\r" not in source
    for quotes in ("'" * 3, '"' * 3):
        if plain and quotes not in source and not source.endswith(("\\", quotes[0])):
            return "r" + quotes + source + quotes
    return ascii(source)
