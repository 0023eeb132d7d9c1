"""Compose files, as written and as `docker compose config` prints them: variables, limits, the rest."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from envsnap.intake.formats import compose_forms, configs, quantities, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source
from envsnap.model.host import System

NAME = "compose"
MARKS = ("image", "build", "environment", "command", "deploy", "ports", "volumes", "extends")


def recognise(source: Source) -> bool:
    """A mapping of services, each with a key that services have."""
    if "services:" not in source.text and '"services"' not in source.text:
        return False
    services = trees.mapping(_tree(source), "services")
    return bool(services) and all(
        isinstance(service, dict) and any(mark in service for mark in MARKS)
        for service in services.values()
    )


def _tree(source: Source) -> dict[str, Any]:
    return source.json if isinstance(source.json, dict) else source.mapping


def read(source: Source) -> Draft:
    """Where there is one service, its variables and limits are the environment's."""
    draft = Draft("a Compose file", "stated")
    tree = compose_forms.plain(_tree(source))
    services = trees.mapping(tree, "services")
    if len(services) == 1:
        name, service = next(iter(services.items()))
        _only(draft, service)
        tree["services"] = {
            name: {key: value for key, value in service.items() if key != "environment"}
        }
    for path in compose_forms.unset(tree):
        draft.gap("configs", (NAME, *path), "not stated: it holds a variable of the shell")
    kind = "json" if isinstance(source.json, dict) else "yaml"
    configs.add_tree(draft, NAME, tree, kind)
    if source.cut and kind == "yaml":
        draft.leave_end(source.cut)
        configs.gap_end(draft, NAME, source.text)
    return draft


def _only(draft: Draft, service: dict[str, Any]) -> None:
    for name, value in compose_forms.variables(service.get("environment")).items():
        if value is None:
            draft.variable_name(name)
        elif compose_forms.SHELL.search(str(value)):
            draft.variable_made(name, str(value), "the shell")
        else:
            draft.variable(name, str(value).replace("$$", "$"))
    limits = trees.mapping(service, "deploy", "resources", "limits")
    memory = limits.get("memory", service.get("mem_limit"))
    processors = limits.get("cpus", service.get("cpus"))
    shared = service.get("shm_size")
    draft.add(
        System(
            complete=False,
            container="docker",
            cgroup_memory_limit=UNSET
            if memory is None
            else quantities.memory(memory, powers_of_two=True),
            cgroup_cpu_limit=UNSET if processors is None else quantities.processors(processors),
            shm_size=UNSET if shared is None else quantities.memory(shared, powers_of_two=True),
        )
    )
