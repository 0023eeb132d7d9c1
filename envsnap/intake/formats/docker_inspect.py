"""`docker inspect` of an image or a container, and `docker image inspect`."""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET

from envsnap.intake.formats import configs, trees
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.host import System

# Docker's names of architectures, as uname spells them.
MACHINES = {
    "amd64": "x86_64",
    "arm64": "aarch64",
    "ppc64le": "ppc64le",
    "s390x": "s390x",
    "386": "i686",
}
# What an image and a container of it both say, what only one of the two does.
NAME, IMAGE, RUN = "container", "image", "run"
# Settings of a container that are told in words of ours, and those that say nothing of what runs in it.
TOLD = frozenset(
    (
        "Runtime", "IpcMode", "NetworkMode", "Privileged", "CpusetCpus", "DeviceRequests", "NanoCpus", "CpuQuota",
        "CpuPeriod", "Memory", "ShmSize", "Binds", "Mounts", "Devices", "Ulimits",
        "ContainerIDFile", "LogConfig", "PortBindings", "PublishAllPorts", "RestartPolicy", "AutoRemove", "Links",
        "VolumeDriver", "VolumesFrom", "ConsoleSize", "Annotations", "Cgroup", "CgroupParent", "Isolation",
        "MaskedPaths", "ReadonlyPaths", "OomScoreAdj",
    )
)  # fmt: skip
PERIOD = 100_000  # microseconds: the kernel's own, of which a quota is a share
ANONYMOUS = re.compile(r"[0-9a-f]{64}")


def recognise(source: Source) -> bool:
    """One object, or a list of one, with an identifier and a config."""
    return bool(_objects(source.json))


def _objects(tree: Any) -> list[dict[str, Any]]:
    found = tree if isinstance(tree, list) else [tree]
    fits = [
        item
        for item in found
        if isinstance(item, dict)
        and isinstance(item.get("Id"), str)
        and isinstance(item.get("Config"), dict)
    ]
    return fits if len(fits) == len(found) else []


def read(source: Source) -> Draft:
    """Image, variables, limits and what of the host is given to it."""
    objects = _objects(source.json)
    if len(objects) > 1:
        raise RefusedError(
            f"{source.name}: docker inspect of {len(objects)} objects; inspect the one that you mean"
        )
    item = objects[0]
    draft = Draft("the output of docker inspect", "stated")
    for entry in trees.texts(item, "Config", "Env") or ():
        name, equals, value = entry.partition("=")
        if equals:
            draft.variable(name, value)
    if "HostConfig" in item:
        _container(draft, item)
    else:
        _image(draft, item)
    return draft


def _image(draft: Draft, item: dict[str, Any]) -> None:
    machine = MACHINES.get(str(item.get("Architecture")))
    draft.add(
        System(
            complete=False,
            platform="linux" if item.get("Os") == "linux" else UNSET,
            architecture=machine or UNSET,
        )
    )
    _tree(draft, NAME, _started(item, item["Id"]))
    tags = trees.texts(item, "RepoTags")
    tree = {
        "tags": list(tags) if isinstance(tags, tuple) else None,
        "digest": _first(item, "RepoDigests").rpartition("@")[2],
        "labels": item["Config"].get("Labels"),
    }
    _tree(draft, IMAGE, tree)


def _started(item: dict[str, Any], image: Any) -> dict[str, Any]:
    """What is started, of which image, and as whom."""
    config = item["Config"]
    return {
        "id": image,
        "entrypoint": config.get("Entrypoint"),
        "command": config.get("Cmd"),
        "user": config.get("User"),
        "workdir": config.get("WorkingDir"),
    }


def _container(draft: Draft, item: dict[str, Any]) -> None:
    host = trees.mapping(item, "HostConfig")
    memory, shared = trees.whole(host.get("Memory")), trees.whole(host.get("ShmSize"))
    draft.add(
        System(
            complete=False,
            container="docker",
            cgroup_memory_limit=memory or UNSET,
            cgroup_cpu_limit=_processors(host) or UNSET,
            shm_size=shared or UNSET,
        )
    )
    _tree(draft, NAME, _started(item, item.get("Image")))
    tree = {
        "image": item["Config"].get("Image"),
        "runtime": host.get("Runtime"),
        "ipc": host.get("IpcMode"),
        "network": host.get("NetworkMode"),
        "privileged": host.get("Privileged"),
        "cpuset": host.get("CpusetCpus"),
        "devices": host.get("DeviceRequests"),
        "device_files": host.get("Devices"),
        "ulimits": host.get("Ulimits"),
        **{_snake(key): value for key, value in host.items() if key not in TOLD},
        "mounts": {
            mount["Destination"]: _mounted(mount)
            for mount in trees.records(item, "Mounts")
            if isinstance(mount.get("Destination"), str)
        },
    }
    _tree(draft, RUN, tree)


def _processors(host: dict[str, Any]) -> float | None:
    """How many CPUs a container may use: as --cpus states it, or as a quota of a period."""
    nano, quota = trees.whole(host.get("NanoCpus")), trees.whole(host.get("CpuQuota"))
    period = trees.whole(host.get("CpuPeriod")) or PERIOD
    return nano / 10**9 if nano else quota / period if quota and quota > 0 else None


def _snake(key: str) -> str:
    """Docker's name of a setting, as the command line spells it: CapAdd is cap_add."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower()


def _mounted(mount: dict[str, Any]) -> str:
    """A mount as text; the name of a volume that nobody named says nothing."""
    source = mount.get("Name") or mount.get("Source") or ""
    kind = str(mount.get("Type", "bind"))
    place = kind if ANONYMOUS.fullmatch(str(source)) else f"{kind} {source}"
    return place if mount.get("RW", True) else f"{place} (read only)"


def _tree(draft: Draft, name: str, tree: dict[str, Any]) -> None:
    known = {key: value for key, value in tree.items() if value}
    if known:
        configs.add_tree(draft, name, known, "json")


def _first(item: dict[str, Any], key: str) -> str:
    found = trees.texts(item, key)
    return found[0] if isinstance(found, tuple) else ""
