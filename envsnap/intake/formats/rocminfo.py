"""`rocminfo`: the agents of a host, processors and GPUs."""

from __future__ import annotations

import re

from msgspec import UNSET

from envsnap.intake.formats import trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.compute import Gpu, Rocm
from envsnap.model.host import GpuIdentity, System

AGENT = re.compile(r"^Agent (\d{1,3})\s*$")
PAIR = re.compile(r"^\s{2}([A-Z][\w ()-]{1,40}?):\s+(.*)$")
MODULE = re.compile(r"^ROCk module version (\d[\w.+-]*) is loaded")
TARGET = re.compile(r"gfx[0-9a-f]{3,5}")


def recognise(source: Source) -> bool:
    """The heads of the two parts of its output, or agents with types."""
    lines = list(source.bare)
    return "HSA Agents" in lines and any(AGENT.match(line) for line in lines)


def read(source: Source) -> Draft:
    """GPUs by the order of their agents."""
    lines = list(source.bare)
    if sum("HSA System Attributes" in line for line in lines) > 1:
        raise RefusedError(
            f"{source.name}: holds several outputs of rocminfo; put each into a file of its own"
        )
    draft = Draft("the output of rocminfo", "stated")
    agents: list[dict[str, str]] = []
    for line in lines:
        module, pair = MODULE.match(line.strip()), PAIR.match(line)
        if module is not None:
            draft.add(Rocm(complete=False, driver=module[1]))
        elif AGENT.match(line.strip()):
            agents.append({})
        elif pair is not None and agents:
            agents[-1].setdefault(pair[1].strip(), pair[2].strip())
    _agents(draft, agents)
    if any("*** Done ***" in line for line in lines) and draft.entries("gpus"):
        draft.complete("gpus", names_only=True)
    return draft


def _agents(draft: Draft, agents: list[dict[str, str]]) -> None:
    index = 0
    for agent in agents:
        kind = agent.get("Device Type")
        if kind == "CPU" and agent.get("Marketing Name"):
            draft.add(System(complete=False, cpu=agent["Marketing Name"]))
        elif kind == "GPU":
            name, target = agent.get("Marketing Name", ""), agent.get("Name", "")
            draft.gpu(
                index,
                Gpu(
                    name=name or UNSET,
                    compute_capability=target if TARGET.fullmatch(target) else UNSET,
                    sm_count=trees.whole(agent.get("Compute Unit", "")),
                ),
            )
            if agent.get("Uuid", "").startswith("GPU-") and agent["Uuid"] != "GPU-XX":
                draft.card(index, GpuIdentity(uuid=agent["Uuid"]))
            index += 1
