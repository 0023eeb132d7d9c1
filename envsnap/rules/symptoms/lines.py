"""Lines of a log without what loggers, launchers and terminals put before them."""

from __future__ import annotations

import re

ESCAPES = re.compile(
    r"\x1b(?:\[[0-9;?]{0,16}[A-Za-z]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)?|[()][A-Z0-9])"
)
# Prefixes, outermost first; a line may have several.
PREFIX = re.compile(
    r"""
    \s{0,4}(?:
      \[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,\d]{0,10}(?:Z|[+-]\d\d:?\d\d)?\]?               # a time
      (?:\ -\ [\w.]{1,60}(?=\ -\ )){0,2}(?:\ [-|]\ |:\ |\ |:)?
    | [IWEF]\d{4}\ \d\d:\d\d:\d\d\.\d{1,9}\s{1,8}\d{1,9}\s\S{1,80}\]\ ?                     # glog
    | \[?rank\ ?\d{1,5}\]?:\s?                                                             # torch
    | \[\d{1,5}(?:,\d{1,5})?\](?:<\w{1,8}>)?:\s?                                           # MPI
    | \((?:\w{1,40}\ )?(?:(?:pid|rank|ip)=[\w.]{1,40},?\ ?){1,4}\)\s?                        # Ray, vLLM
    | \d{1,5}:\s                                                                           # srun -l
    | [\w.-]{1,40}\s{1,12}\|\s                                                             # compose
    | (?:\|\s|\+\s){1,6}                                                                   # groups
    | (?:INFO|WARNING|ERROR|CRITICAL|DEBUG)\b(?:\ \d\d-\d\d\ \d\d:\d\d:\d\d)?(?:\ \[[\w./:-]{1,80}\])?(?::\ |\ |:)
    )""",
    re.VERBOSE,
)
MOST_PREFIXES = 4


def bare(line: str) -> str:
    """A line without escapes and prefixes; its own indentation stays."""
    line = ESCAPES.sub("", line) if "\x1b" in line else line
    for _ in range(MOST_PREFIXES):
        match = PREFIX.match(line)
        if match is None or match.end() == 0:
            break
        line = line[match.end() :]
    return line


def prefix(line: str) -> str:
    """What a line has before its own words: lines of one worker have one prefix, times aside."""
    line = ESCAPES.sub("", line) if "\x1b" in line else line
    return re.sub(r"\d{2,}", "", line[: len(line) - len(bare(line))])
