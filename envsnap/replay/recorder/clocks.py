"""Whether a program asks a clock: then what looks like a duration in its answer may be one."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Names by which a program, or a library in its place, measures how long something takes. A program
# that only writes a log is none: what a log tells of times is a time of the day.
ASKED = re.compile(
    rb"\b(?:time|times|perf_counter\w*|monotonic\w*|process_time\w*|datetime|date|now|today|timeit|timer|Timer|clock"
    rb"|Stopwatch|elapsed|tqdm|trange|rich|alive_bar|progress\w*|Progress\w*|profile\w*|Profile\w*|benchmark\w*|keras"
    rb"|tensorflow|lightning|Trainer|verbose|Parallel|joblib|subprocess|Popen|system|sleep|timeout|latency|fps)\b"
)


def are_asked(sources: Iterable[bytes | None]) -> bool:
    """Whether any of a program's own texts may ask a clock; of none, or of one that is gone, nobody knows."""
    texts = list(sources)
    return not texts or any(text is None or ASKED.search(text) is not None for text in texts)
