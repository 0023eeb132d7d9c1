"""Outputs that stand one behind the other, without the commands that printed them.

What a script writes between them, a heading or an empty line, says little; the first line of a report
says what begins there. A report may hold lines of another: those that do are ended by less.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from envsnap.intake.formats.source import Source

LARGEST = 1 << 18  # of a text in which they are looked for
MOST = 40
# The first line of each, by what it begins.
STARTS = {
    "show-versions": r"\s{0,4}INSTALLED VERSIONS\s*$|System:\s*$|-{3,}Version info-{3,}",
    "torch": r"PyTorch version: \S|Collecting environment information",
    "huggingface": r"- `[\w-]{1,40}` version: |Copy-and-paste the text below",
    "deepspeed": r"DeepSpeed C\+\+/CUDA|DeepSpeed general environment",
    "jax": r"jax: {1,8}\d",
    "watermark": r"Python implementation: \w",
    "nvcc": r"nvcc: NVIDIA",
    "lscpu": r"Architecture: {2,}\S",
    "nvidia-smi": r"\+-{30,}\+$|\| NVIDIA-SMI \d",
    "nvidia-smi-l": r"GPU 0: ",
    "csv": r"(?:name|index|uuid|gpu_name|timestamp|driver_version)(?:, [\w.]{2,60}(?: \[[\w%]{1,5}\])?){1,60}$",
    "pip-list": r"Package {2,}Version|Package\s+Version\s*$",
    "pip-show": r"Name: [A-Za-z][\w.-]{0,80}$",
    "pip-install": r"Collecting [A-Za-z][\w.-]{0,80}|Requirement already satisfied: |Successfully installed ",
    "os-release": r"(?:PRETTY_)?NAME=\"",
    "uname": r"(?:Linux|Darwin) \S{1,80} \d",
    "env": r"(?:SHELL|PATH|HOME|PWD|LANG|USER|LOGNAME|HOSTNAME|TERM|SHLVL|PYTHON_VERSION)=",
    "pins": r"[A-Za-z][\w.-]{0,80}==\d",
}
START = re.compile(
    "|".join(f"(?P<k{place}>{shape})" for place, shape in enumerate(STARTS.values()))
)
KINDS = tuple(STARTS)
# Reports that hold such lines themselves.
HOLD = {
    "torch": ("lscpu", "nvidia-smi-l"),
    "jax": ("nvidia-smi",),
}
HEADING = re.compile(
    r"\s{0,4}(?:==> .{1,200} <==|[-=#*~]{2,40} ?[\w][\w ./:()-]{0,60}?[-=#*~ ]{0,40}|[a-z][\w ./-]{1,40}:)\s*$"
)


def of(source: Source) -> tuple[Source, ...]:
    """What stands between the beginnings of reports; nothing where only one begins."""
    if len(source.text) > LARGEST:
        return ()
    found = [lines for lines in _segments(source.bare) if any(map(str.strip, lines))]
    if not 1 < len(found) <= MOST:
        return ()
    texts = ("\n".join(lines).strip("\n") for lines in found)
    return tuple(Source(b"", source.name, "", f"{text}\n") for text in texts)


def _segments(lines: tuple[str, ...]) -> Iterator[list[str]]:
    """The lines from each beginning to the next; headings are nobody's."""
    kind, start = "", 0
    for place, line in enumerate(lines):
        match = START.match(line)
        here = KINDS[int(str(match.lastgroup)[1:])] if match is not None else ""
        if here and here != kind and here not in HOLD.get(kind, ()):
            begin = _with_date(lines, place) if here == "nvidia-smi" else place
            yield list(lines[start:begin])
            kind, start = here, begin
        elif not here and HEADING.match(line) and not _is_of_report(line, kind):
            yield list(lines[start:place])
            kind, start = "", place + 1
    yield list(lines[start:])


def _with_date(lines: tuple[str, ...], place: int) -> int:
    """Where the table of nvidia-smi begins: with the date above it."""
    above = lines[place - 1] if place else ""
    return place - 1 if re.match(r"[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}\d{1,2} ", above) else place


def _is_of_report(line: str, kind: str) -> bool:
    """Whether a line that looks like a heading is a rule or a group of the report around it."""
    return kind in ("show-versions", "torch", "deepspeed", "lscpu", "huggingface", "pip-list") and (
        line.rstrip().endswith(":") or not re.search(r"\w", line)
    )
