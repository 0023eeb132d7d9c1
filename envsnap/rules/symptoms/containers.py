"""Settings of a container or a pod that make a trouble which the text tells in other words.

A program that finds no GPU says nothing of the runtime that its container lost. What a sentence is
about leads to the settings of Docker, Compose and Kubernetes that decide it; a setting counts only
where it differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from envsnap.rules.finding import Finding
from envsnap.rules.symptoms.reading import Evidence, Reading

GPUS = r"devices?|device_(?:ids|requests)|gpus?|runtime|runtime_class_name|nvidia|accelerators?|node_selector|tolerations|privileged"
FILES = r"read_?only\w*|\w*rootfs|volumes?|volume_mounts|mounts?|binds?|tmpfs|user|run_as\w*|fs_group|group_add|security_context|sub_path"
MEMORY = r"mem\w*|memory\w*|shm\w*|tmpfs|size_limit|resources|ephemeral_storage|oom\w*"
LIMITS = r"pids?_limit|ulimits?|nofile|nproc|memlock|stack"
NETWORK = (
    r"network\w*|host_network|dns\w*|extra_hosts|host_aliases|ports?|links|aliases|ipam|sysctls"
)
# By the topic of a sentence.
OF_TOPICS = {
    "container": GPUS,
    "driver": GPUS,
    "driver-missing": GPUS,
    "visible-devices": GPUS,
    "missing-library": GPUS,
    "paths": FILES,
    "limits": rf"{LIMITS}|{MEMORY}",
    "threads": rf"{LIMITS}|cpus?|cpuset\w*|cpu_\w+",
    "cpus": r"cpus?|cpuset\w*|cpu_\w+|resources",
    "memory": MEMORY,
    "shm": rf"{MEMORY}|ipc\w*|host_ipc",
    "disk": rf"{MEMORY}|storage\w*",
    "process-died": MEMORY,
    "network": NETWORK,
    "nccl": rf"{NETWORK}|ipc\w*|host_ipc|{MEMORY}|{LIMITS}|cap\w*|privileged|devices?",
    "peer-to-peer": r"ipc\w*|host_ipc|cap\w*|privileged|devices?",
    "locale": r"env\w*",
    "timezone": r"env\w*|volumes?|volume_mounts|binds?",
}
# By a sentence's own name.
OF_SENTENCES = {
    "no-module": r"work(?:ing)?_?dir(?:ectory)?|command|entrypoint|volume_mounts|volumes|binds"
}
CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[-.\[\]\"/]+")
PATH = re.compile(r"/[\w.@+-]{1,80}(?:/[\w.@+-]{1,80}){0,12}")
ABSENT = re.compile(
    r"No such file|not a directory|does not exist|not found|cannot open", re.IGNORECASE
)


def settings(findings: Sequence[Finding], reading: Reading) -> Iterator[tuple[Finding, Evidence]]:
    """Differing settings that decide what a text tells, with the line that tells it."""
    changed = [found for found in findings if found.path[0] == "configs" and found.changes]
    for item in reading.evidence if changed else ():
        if item.is_hint:
            continue
        pattern = OF_SENTENCES.get(item.row["id"]) or OF_TOPICS.get(item.row["topic"])
        for found in changed:
            if (pattern and _is_of(found, pattern)) or _holds_what_is_absent(found, item):
                yield found, item


def _is_of(found: Finding, pattern: str) -> bool:
    words = (CAPITAL.sub("_", part).strip("_").lower() for part in found.path[2:])
    return any(re.search(rf"(?:\A|_)(?:{pattern})(?:_|\Z)", part) is not None for part in words)


def _holds_what_is_absent(found: Finding, item: Evidence) -> bool:
    """Whether a file is not there that lies below a folder which one side alone names."""
    if not ABSENT.search(item.line):
        return False
    return any(
        isinstance(value, str)
        and PATH.fullmatch(value) is not None
        and re.search(rf"(?<![\w./-]){re.escape(value.rstrip('/'))}/", item.line) is not None
        for value in (found.reference, found.other)
    )
