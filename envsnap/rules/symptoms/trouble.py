"""The kind of trouble a text shows: a crash, wrong results, slowness, a hang, memory.

Each kind makes other facts likely: what is slow is seldom a tokenizer, what is wrong seldom a clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from envsnap.knowledge import variables
from envsnap.knowledge.roles import role
from envsnap.knowledge.versions import Distance, distance
from envsnap.model.paths import Path
from envsnap.rules.finding import Effect, Finding, Severity

SYMPTOMS = ("crash", "wrong", "slower", "hang", "memory")
# What people write of it; a crash is told by what the systems print.
WORDS = {
    "hang": re.compile(
        r"\b(?:hang|hangs|hung|stuck|deadlock|freezes|never returns|no progress)\b", re.IGNORECASE
    ),
    "slower": re.compile(
        r"\b(?:slow|slower|slowdown|slowness|performance|throughput|latency|regression in speed)\b",
        re.IGNORECASE,
    ),
    "wrong": re.compile(
        r"\b(?:nan|wrong|incorrect|garbage|gibberish|silent|numeric(?:al)? difference|differs?|different"
        r" (?:results?|outputs?)|accuracy|mismatch(?:ed)? (?:results?|outputs?))\b",
        re.IGNORECASE,
    ),
    "memory": re.compile(r"\b(?:out of memory|oom|memory leak|uses? more memory)\b", re.IGNORECASE),
}
CRASHED = re.compile(
    r"Traceback \(most|Error\b|Exception\b|core dumped|Segmentation fault|FATAL|Aborted"
)
LONGEST = 2000  # a text of people is short; a log is judged by what the systems print
# The facts that each kind makes likely, by how their paths begin or what they are called.
LIKELY: dict[str, re.Pattern[str]] = {
    "slower": re.compile(
        r"driver|gpus\.\w+\.(?:clock|power|pcie|nvlink|persistence|mig|ecc|name)|cuda\.|system\.(?:cpus|cgroup_cpu|"
        r"transparent|cpu)|env_vars\.(?:OMP|KMP|GOMP|MKL|OPENBLAS|NUMEXPR|NUMBA|NCCL|CUDA|JAX_PLATFORM|TORCH|PYTORCH|VLLM|TF_|XLA|TOKENIZERS|PROTOCOL_BUFFERS|MALLOC|LD_PRELOAD)|"
        r"frameworks\.\w+\.(?:threads|cuda|cpu_capability|providers|blas)|.*attn|.*attention"
        r"|packages\.(?:flash-attn|flashinfer|xformers|triton|torch|vllm|sglang)"
    ),
    "wrong": re.compile(
        r"packages\.(?:tokenizers|transformers|sentencepiece|tiktoken|pillow|opencv|librosa|soundfile|numpy)|codecs"
        r"|env_vars\.(?:PYTHONHASHSEED|PYTHONOPTIMIZE|PYTHONPATH|HF_HUB_OFFLINE|TRANSFORMERS_OFFLINE|TZ|LANG|LC_)|system\.(?:timezone|locale)|frameworks\.\w+\.(?:blas|cpu_capability)"
        r"|configs|weights|seeds|determinism|python\.(?:loose_modules|system_site_packages|sys_path|shadows)|tools\.(?:ffmpeg|sox)|.*(?:dtype|attn|attention|chat_template|tokenizer)|data|files"
    ),
    "hang": re.compile(
        r"env_vars\.(?:NCCL|GLOO|MASTER|SLURM|WORLD_SIZE|NNODES|NPROC|TORCHELASTIC|OMP|TOKENIZERS|(?i:https?_proxy|no_proxy|all_proxy))|packages\.nvidia-nccl|.*nccl|system\.(?:iommu|pcie|shm|kernel)|driver"
    ),
    "memory": re.compile(
        r"gpus|env_vars\.(?:\w*WORKERS\b|\w*CONCURRENCY\b|PYTORCH|MALLOC|LD_PRELOAD|XLA_PYTHON_CLIENT|TF_FORCE_GPU|TF_GPU)|system\.(?:memory|cgroup|shm|open_files|transparent)|frameworks\.torch|packages\.(?:torch|vllm|transformers)"
    ),
}
# What is said of a variable that makes such trouble.
SAID = {
    "memory": re.compile(r"\bmemory\b|\balloc", re.IGNORECASE),
    "slower": re.compile(r"\bslow|\bspeed\b|\bperformance\b", re.IGNORECASE),
    "hang": re.compile(r"\bhangs?\b|\bdeadlock|\bwaits?\b", re.IGNORECASE),
}
MORE_IS_BETTER = tuple(
    ("system", key)
    for key in ("cpus", "cpus_usable", "memory_total", "cgroup_memory_limit", "shm_size")
)
RUNS = ("wrong", "slower")
LIFTED = (*RUNS, "hang", "memory")
EFFECTS = {"slower": Effect.PERFORMANCE, "wrong": Effect.NUMERICS, "crash": Effect.CRASH}


def of_text(text: str, rows: Iterable[dict[str, Any]] = ()) -> str | None:
    """The kind of trouble; None where the text does not say."""
    told = next((row["symptom"] for row in rows if "symptom" in row), None)
    if told is not None:
        return str(told)
    if CRASHED.search(text):
        return "crash"
    short = text[:LONGEST]
    return next((name for name, words in WORDS.items() if words.search(short)), None)


def fits(finding: Finding, symptom: str | None) -> bool:
    """Whether a finding is of the kind that makes this trouble."""
    of_machine = (
        finding.path[0] in ("gpus", "driver", "system") or finding.path[-1] in variables.LOCALES
    )
    if finding.path[0] == "env_vars" and symptom in SAID and SAID[symptom].search(_does(finding)):
        return True
    if symptom is None or _offers_more(finding) or (of_machine and finding.effect is Effect.NONE):
        return False
    return EFFECTS.get(symptom) is finding.effect or is_likely(finding.path, symptom)


def _does(finding: Finding) -> str:
    """What is known of a variable."""
    row = variables.known(finding.path[-1]) or {}
    return f"{row.get('does', '')} {row.get('effect', '')}"


# Where they only tell: a processor with the same instruction sets, libraries that a new torch brought.
AS_BEFORE = ("processor", "accelerator-libraries")


def is_lifted(finding: Finding, symptom: str | None) -> bool:
    """Whether a finding that is only stated matters here: a fact of the machine that makes this trouble.

    Of distributions that moved, most fit some trouble; those are favoured among their equals. One that
    computes and is on one side only may take the place of other code without a word.
    """
    if finding.rule == "package-missing" and symptom in RUNS:
        return (
            finding.severity is Severity.INFO
            and finding.effect is not Effect.NONE
            and role(finding.path[1]) == "numerics"
        )
    if symptom == "crash":
        return _has_far_less(finding)
    return (
        finding.severity is Severity.INFO
        and symptom in LIFTED
        and _may_act(finding)
        and finding.rule not in AS_BEFORE
        and finding.path[0] not in ("packages", "wanted", "configs", "files")
        and (not _is_version(finding) or _may_compute_otherwise(finding, symptom))
        and fits(finding, symptom)
    )


def _is_version(finding: Finding) -> bool:
    return finding.path[0] == "frameworks" and finding.path[-1] == "version"


def _may_compute_otherwise(finding: Finding, symptom: str | None) -> bool:
    """Whether it is a step of a framework by more than a patch, where results are wrong: defaults change there."""
    step = distance(finding.reference, finding.other)
    return symptom == "wrong" and step in (Distance.MAJOR, Distance.MINOR)


def _may_act(finding: Finding) -> bool:
    """Whether a fact that differs may do anything: a patch of a driver, or a level of logs, does not."""
    if finding.path[0] == "env_vars":
        name = finding.path[-1]
        same = variables.mean_the_same(name, finding.reference, finding.other)
        return not (same or variables.only_tells(name))
    return bool(finding.changes) and finding.effect is not Effect.NONE


def _has_far_less(finding: Finding) -> bool:
    """Whether a machine has so much less of something that what ran before is killed."""
    one, two = finding.reference, finding.other
    is_size = finding.rule == "resources" and finding.path in MORE_IS_BETTER
    return (
        is_size
        and isinstance(two, int)
        and (one is None or (isinstance(one, int) and 2 * two <= one))
    )


def _offers_more(finding: Finding) -> bool:
    """Whether a machine has more of what it may run short of: that makes no trouble."""
    one, two = finding.reference, finding.other
    is_size = finding.rule == "resources" and finding.path in MORE_IS_BETTER
    return (
        is_size and isinstance(one, int) and (two is None or (isinstance(two, int) and two > one))
    )


def is_likely(path: Path, symptom: str) -> bool:
    """Whether a fact is of those that make this trouble."""
    likely = LIKELY.get(symptom)
    return likely is not None and likely.match(_spelled(path)) is not None


def contradicts(finding: Finding, symptom: str | None) -> bool:
    """Whether a finding would have ended what only runs wrong, or slowly."""
    if finding.rule == "package-missing" and symptom in LIFTED:
        return not (role(finding.path[1]) == "numerics" or is_likely(finding.path, str(symptom)))
    stops = finding.effect is Effect.CRASH and finding.severity is Severity.ERROR
    return symptom in RUNS and stops


def _spelled(path: Path) -> str:
    return ".".join(path)
