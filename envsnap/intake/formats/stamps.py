"""What logs put before each line: times, the name of a container or a host, the step of a build."""

from __future__ import annotations

import re
from collections.abc import Sequence

FEWEST = 3  # lines that share it
MOST = 5  # in one line: docker compose puts a name before the time that kubectl had put there
_TIME = r"\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?"
_LEVEL = r"(?:DEBUG|INFO|SUCCESS|NOTICE|WARN(?:ING)?|ERROR|CRITICAL)"
STAMPS = tuple(
    re.compile(shape)
    for shape in (
        rf"\[?\d{{4}}[-/]\d{{2}}[-/]\d{{2}}(?:T|,? ){_TIME}(?: ?(?:Z|UTC|[+-]\d{{2}}:?\d{{2}}))?\]?:?(?:[ \t]|$)",
        rf"\d{{2}}/\d{{2}}/\d{{4}} {_TIME}(?: |$)",
        rf"(?:<\d{{1,3}}>)?[A-Z][a-z]{{2}} [ \d]\d {_TIME} (?P<source>[\w.-]{{1,60}}) [\w./@-]{{1,60}}(?:\[\d{{1,9}}\])?:(?: |$)",
        rf"[IWEF]\d{{4}} {_TIME}\s{{1,9}}\d{{1,9}} [\w./-]{{1,80}}:\d{{1,6}}\](?: |$)",  # glog, absl
        rf"\[?{_TIME}\]?(?: |$)",
        r"(?P<source>[\w.-]{1,80})[ ]{0,40}\|(?: |$)",  # docker compose
        r"\[(?P<source>pod/[\w./-]{1,200})\](?: |$)",  # kubectl logs --prefix
        r"#(?P<source>\d{1,4}) \d{1,6}\.\d{1,3}(?: |$)",  # BuildKit
        r"\d{2}[OE][ +](?: |$)?",  # GitLab, behind the time
        rf"\[\d{{4}}-\d{{2}}-\d{{2}} {_TIME}\]\[[\w.]{{1,80}}\]\[{_LEVEL}\] - ",  # Hydra
        r"\((?P<source>(?:[\w.-]{1,60} )?pid=\d{1,9}(?:, ip=[\d.]{7,15})?)\)(?: |$)",  # Ray, vLLM
        r"\[(?P<source>[A-Za-z-]{1,20}\d{1,5})\]:(?: |$)?",  # torchrun
        r"\[(?P<source>\d{1,5},\d{1,5})\]<std(?:out|err|diag)>: ?",  # mpirun
        rf"(?:- )?[\w.]{{1,80}} - {_LEVEL} - ",  # what people give Python's logging, behind the time
        rf"- {_LEVEL} - (?:[\w.]{{1,80}} - )?",
        rf"{_LEVEL}:[\w.]{{1,80}}:",  # Python's logging by itself
        rf"\| {_LEVEL} {{0,8}}\| [\w.<>]{{1,80}}:[\w.<>]{{1,80}}:\d{{1,6}} - ",  # loguru
        rf"\{{[\w./-]{{1,80}}:\d{{1,6}}\}} {_LEVEL} - ",  # Airflow
        r"\[?(?:INFO|DEBUG|WARNING|stdout|stderr)\]?:?(?: F)? {1,8}",
        r"[a-z0-9-]{1,80}-[a-z0-9]{5,10} [a-z0-9-]{1,40} (?=\S)",  # stern: a pod and its container
        # Numbers and marks of a list, before pins.
        r"\s{0,8}(?:\d{1,6}(?::|\t|\. ?)|[-*\u2022] )\s?(?=[A-Za-z][\w.-]{0,80}==)",
    )
)
# Of those, what tells one source of lines from another; times and levels before it aside.
SOURCES = (
    *(shape for shape in STAMPS if "source" in shape.groupindex),
    re.compile(r"\s{0,6}(?P<source>\d{1,5}): {1,2}(?=\S)"),  # srun --label
)
# A distribution with its release, as lists have them.
LISTED = re.compile(r"[A-Za-z][\w.-]{1,80}(?:==| {1,60}v?|\s@\s)\d[\w.+!-]{0,60}(?:\s|$)")
FEWEST_LISTED = 2
# Lines of the program that runs others: what it does, and how a container ended.
FRAME = re.compile(
    r"(?m)^(?:#\d{1,4} (?:\[[^\]\n]{1,60}\] .*|DONE\b.*|CACHED\b.*|sha256:.*|\.\.\.)"
    r"|\[Pipeline\] .*"  # Jenkins
    r"| ---> (?:Running in )?[0-9a-f]{12}"
    r"|Removing intermediate container [0-9a-f]{12}"
    r"|[\w.-]{1,80} exited with code \d{1,3}|Attaching to [\w., -]{1,200})$\n?"
)
# How a mark ends that all lines share, whatever it says.
ENDS = ("] ", "| ", ": ")


def without(text: str) -> str:
    """The text without what most of its lines begin with, as far as that is known to be a log's."""
    text = FRAME.sub("", text)
    for _ in range(MOST):
        lines = text.split("\n")
        filled = [line for line in lines if line.strip()]
        if len(filled) < FEWEST:
            break
        shape = _of_most(filled)
        if shape is None:
            break
        marks = map(shape.match, lines)
        text = "\n".join(
            line[mark.end() :] if mark else line for line, mark in zip(lines, marks, strict=True)
        )
    return text


def sources(text: str) -> tuple[str, ...]:
    """The sources whose lines stand between each other and list other releases; none where they agree.

    Ranks of one job, containers of one project and hosts of one log may each print their packages.
    """
    for _ in range(MOST):
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) < FEWEST:
            return ()
        for shape in SOURCES:
            marks = list(map(shape.match, lines))
            if sum(mark is not None for mark in marks) * 5 >= len(lines) * 4:
                return _apart(lines, marks)
        stamp = _of_most(lines)
        if stamp is None:
            return ()
        text = "\n".join(
            line[mark.end() :] if (mark := stamp.match(line)) else line for line in lines
        )
    return ()


def _apart(lines: list[str], marks: Sequence[re.Match[str] | None]) -> tuple[str, ...]:
    listed: dict[str, set[str]] = {}
    for line, mark in zip(lines, marks, strict=True):
        if mark is not None and (found := LISTED.match(_without_level(line[mark.end() :]))):
            listed.setdefault(mark["source"], set()).add(found[0].strip())
    many = {source: told for source, told in listed.items() if len(told) >= FEWEST_LISTED}
    return tuple(many) if len(set(map(frozenset, many.values()))) > 1 else ()


def _without_level(line: str) -> str:
    """A line without a time and a level in front."""
    for shape in STAMPS:
        mark = shape.match(line)
        if mark is not None and mark.end():
            return line[mark.end() :]
    return line


def _of_most(lines: list[str]) -> re.Pattern[str] | None:
    """The mark that four of five lines begin with."""
    for shape in STAMPS:
        if sum(shape.match(line) is not None for line in lines) * 5 >= len(lines) * 4:
            return shape
    shared = _shared(min(lines), max(lines))  # what these two share, all that sort between do
    end = max(shared.rfind(mark) + len(mark) if mark in shared else 0 for mark in ENDS)
    return re.compile(re.escape(shared[:end])) if end else None


def _shared(one: str, two: str) -> str:
    length = min(len(one), len(two))
    return one[: next((place for place in range(length) if one[place] != two[place]), length)]
