"""The output of TensorFlow's `tf_env_collect.sh`."""

from __future__ import annotations

import re

from envsnap.intake.formats import machine, names, nvidia_smi
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.knowledge.names import canonical
from envsnap.model.compute import Framework
from envsnap.model.host import System
from envsnap.model.python import Package

HEAD = re.compile(r"^== (?P<title>[a-z][\w /.+-]{1,60}?) =*$")
PAIR = re.compile(r"^([a-z][\w .]{1,40}?)\s*[:=]\s+(.*)$")
ROW = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]{0,80})\s+\(?(\d[\w.+!-]*)\)?$")
TF = re.compile(r"^tf\.(?:version\.)?(VERSION|GIT_VERSION) = ['\"]?([\w.+-]+)['\"]?$")
VARIABLE = re.compile(r"^(LD_LIBRARY_PATH) (/\S*)$")


def recognise(source: Source) -> bool:
    """Its own headings."""
    titles = {found["title"] for line in _lines(source) if (found := HEAD.match(line))}
    return "tensorflow import" in titles and bool(titles & {"check pips", "check python"})


def _lines(source: Source) -> list[str]:
    return [line.strip() for line in source.bare]


def read(source: Source) -> Draft:
    """Python, the platform, what pip lists, what TensorFlow says of itself, and nvidia-smi."""
    lines = _lines(source)
    imports = sum(line.startswith("== tensorflow import") for line in lines)
    if imports > 1:
        raise RefusedError(
            f"{source.name}: holds {imports} outputs of tf_env_collect; put each into a file of its own"
        )
    draft = Draft("the output of tf_env_collect.sh", "stated")
    title = ""
    for line in lines:
        head = HEAD.match(line)
        if head is not None:
            title = head["title"]
        elif title in _READERS:
            _READERS[title](draft, line)
    nvidia_smi.add(draft, source)
    return draft


def _python(draft: Draft, line: str) -> None:
    found = PAIR.match(line)
    if found is not None and found[1] == "python version":
        machine.python(draft, found[2])


def _platform(draft: Draft, line: str) -> None:
    found = PAIR.match(line)
    if found is None:
        return
    if found[1] == "os platform":
        machine.platform(draft, found[2])
    elif found[1] == "machine" and found[2] in machine.MACHINES:
        draft.add(System(complete=False, architecture=found[2]))


def _pips(draft: Draft, line: str) -> None:
    found = ROW.match(line)
    if found is not None and names.is_version(found[2]):
        draft.package(canonical(found[1]), Package(version=found[2]))


def _tensorflow(draft: Draft, line: str) -> None:
    found = TF.match(line)
    if found is not None:
        is_release = found[1] == "VERSION"
        facts = Framework(version=found[2]) if is_release else Framework(git_version=found[2])
        draft.framework("tensorflow", facts)


def _env(draft: Draft, line: str) -> None:
    found = VARIABLE.match(line)
    if found is not None:
        draft.variable(found[1], found[2])


_READERS = {
    "check python": _python,
    "check os platform": _platform,
    "check pips": _pips,
    "tensorflow import": _tensorflow,
    "env": _env,
}
