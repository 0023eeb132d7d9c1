"""Asks many hosts at once: one deadline, a bounded number at a time, every host ends in a state."""

from __future__ import annotations

import queue
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import Struct

from envsnap.errors import EnvsnapError

FANOUT = 64
MARGIN = 3.5  # after the deadline, for those that are being ended
LEAST = 1.0
TRIES = 3
LONGEST = 300
# What the clients of ssh, Slurm and Kubernetes say, as the word that a gap's reason starts with.
WORDS = (
    ("timeout", re.compile(r"did not answer in time|timed? ?out|deadline", re.IGNORECASE)),
    (
        "refused",
        # A daemon of Slurm that believes no message of ours ends the connection without a word.
        re.compile(
            r"refused|not admitted|zero bytes were transmitted|node not available", re.IGNORECASE
        ),
    ),
    (
        "denied",
        re.compile(
            r"permission denied|host key verification failed|host identification has changed|forbidden"
            r"|unauthorized|access denied|authenticity|authentication (?:error|failed)"
            r"|invalid (?:job|authentication) credential|security violation",
            re.IGNORECASE,
        ),
    ),
    (
        "unreachable",
        re.compile(
            r"could not resolve|no route to host|network is unreachable|not found|unable to contact"
            r"|infeasible|died|is dead|comm ?closed|connection (?:failure|lost)"
            r"|invalid node|is down|not responding|node failure",
            re.IGNORECASE,
        ),
    ),
)
# A daemon that is asked by many at once turns some away; these are worth another try.
PASSING = re.compile(
    r"connection (?:reset|closed by)|kex_exchange_identification|too many requests"
    r"|temporarily unavailable",
    re.IGNORECASE,
)

Ask: TypeAlias = Callable[[float], bytes]


class Outcome(Struct, kw_only=True):
    """What hosts answered, and why others did not."""

    answers: dict[str, bytes]
    silent: dict[str, str]


def ask(
    hosts: Mapping[str, Ask],
    deadline: float,
    fanout: int = FANOUT,
    told: Callable[[str, bytes], None] | None = None,
) -> Outcome:
    """Ask every host. An `Ask` is given the seconds that are left and gives a manifest.

    With `told` answers are handed over as they come, and not kept. Returns at the latest
    `deadline` and four seconds after it was called.
    """
    run = _Run(hosts, time.monotonic() + deadline)
    workers = [
        threading.Thread(target=run.work, daemon=True) for _ in range(min(fanout, len(hosts)))
    ]
    for worker in workers:
        worker.start()
    outcome = Outcome(answers={}, silent={})
    left = set(hosts)
    while left:
        try:
            host, answer = run.done.get(timeout=max(0.0, run.end + MARGIN - time.monotonic()))
        except queue.Empty:
            break
        left.discard(host)
        if isinstance(answer, str):
            outcome.silent[host] = answer
        elif told is not None:
            told(host, answer)
        else:
            outcome.answers[host] = answer
    for host in hosts:
        if host in left:
            outcome.silent[host] = f"timeout: no answer within {deadline:g} s"
    return outcome


class _Run:
    def __init__(self, hosts: Mapping[str, Ask], end: float) -> None:
        self.end = end
        self.done: queue.SimpleQueue[tuple[str, bytes | str]] = queue.SimpleQueue()
        self._waiting: queue.SimpleQueue[tuple[str, Ask]] = queue.SimpleQueue()
        for item in hosts.items():
            self._waiting.put(item)

    def work(self) -> None:
        """Ask one host after the other, until none is left or time is over."""
        while True:
            try:
                host, ask_host = self._waiting.get_nowait()
            except queue.Empty:
                return
            self.done.put((host, self._ask(ask_host)))

    def _ask(self, ask_host: Ask) -> bytes | str:
        reason = "timeout: was not asked before the deadline; a larger --fanout asks more at once"
        for number in range(TRIES):
            left = self.end - time.monotonic()
            if left < LEAST:
                return reason
            try:
                return ask_host(left)
            except EnvsnapError as error:
                reason = worded(str(error))
            except Exception as error:  # noqa: BLE001 - one host never takes the others down
                reason = f"error: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
            if not PASSING.search(reason):
                return reason
            time.sleep((0.3 + random.random()) * (number + 1))  # noqa: S311
        return reason


def worded(message: str) -> str:
    """A failure's message with the word that says what kind it is."""
    text = " ".join(message.split())
    if len(text) > LONGEST:  # programs say last what went wrong
        text = f"{text[: LONGEST // 3]} ... {text[-LONGEST * 2 // 3 :]}"
    if text.partition(":")[0] in (*(word for word, _ in WORDS), "error"):
        return text
    for word, pattern in WORDS:
        if pattern.search(text):
            return f"{word}: {text}"
    return f"error: {text}"
