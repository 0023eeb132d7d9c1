"""An image's configuration and its files, against what its plan orders."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from envsnap.changes.change import ChangeKind
from envsnap.image.planning.foundations import INHERITED, PUBLISHED, publishes
from envsnap.image.proving.fact import Fact
from envsnap.image.proving.held import OF_ITS_CHILDREN, Held
from envsnap.image.records import BaseSettings, Plan
from envsnap.image.writing import dockerfile
from envsnap.model.paths import text
from envsnap.redact.variables import is_listed
from envsnap.wording import few

# What a program leaves behind; nothing is imported or loaded from there.
TEMPORARY = re.compile(
    r"/(?:tmp|run|var/(?:tmp|run|log|cache|backups|lib/apt/lists)|usr/share/(?:doc|man|info|lintian|bug|doc-base))/.*"
    r"|/var/lib/dpkg/(?:[a-z]{1,20}-old|available)",
    re.DOTALL,
)
# Of a user who looked around: what shells and installers remember.
OF_A_VISIT = re.compile(
    r"/(?:root|home/[^/]+)/(?:\.(?:bash|python|node_repl|psql|sqlite|less|zsh)_?(?:history|hst)|\.viminfo|\.wget-hsts"
    r"|\.cache(?:/(?:pip|uv|apt|pypoetry)(?:/.*)?)?)",
    re.DOTALL,
)
# But for what could be run or loaded: compilers keep their caches there, and believe them.
CODE = re.compile(r".*\.(?:py|pyc|pyd|pth|cubin|so(?:\.[0-9]+)*)", re.DOTALL)
# Byte code of what is imported: the capture inside compiles its source again, and compares.
COMPILED = re.compile(
    r"/(?:usr/(?:local/)?lib/python3\.[0-9]{1,2}|opt/venv/lib/python3\.[0-9]{1,2}/site-packages|app)"
    r"(?:/(?!tests?/|idle_test/)[^/]{1,200}){0,20}/__pycache__/[^/]{1,200}\.cpython-[0-9]{2,3}(?:\.opt-[12])?\.pyc",
    re.DOTALL,
)
# Of a container that runs: where its programs are, and what Python would import.
PROGRAMS = re.compile(
    r"/(?:usr|lib|lib32|lib64|bin|sbin|opt|etc)/.*|.*\.(?:py|so|pyd|pth)"
    # What Python, pip, shells and ssh read of a user's, and what says which release is there.
    r"|.*\.(?:dist|egg)-info(?:/.*)?|/(?:root|home/[^/]+)/\.ssh/.*"
    r"|.*/(?:\.netrc|_netrc|\.pypirc|pip\.conf|\.condarc|\.bashrc|\.bash_profile|\.profile|\.pydistutils\.cfg)"
    # What libraries read of the folder that a program works in.
    r"|.*/(?:matplotlibrc|\.numba_config\.yaml|\.boto|\.s3cfg|\.aws/(?:config|credentials)|\.kaggle/kaggle\.json)"
    r"|.*/\.config/.*\.(?:conf|cfg|ini|toml|ya?ml)",
    re.DOTALL,
)
MOST_FILES = 200
MOST_OUTSIDE = 6
ABOVE = "in a layer above those of the plan"
SINCE = "changed in the container since it started"
LEFT_BEHIND = "temporary files, logs, caches and manuals"
OF_THE_RUN = "written since the container started, where no programs are"
BY_ANOTHER = "written since the container started by user {}, whom the program does not run as"
JOURNALS = ("-wal", "-journal", "-shm")  # of a database: what it holds is read through them
CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
PORTS = "ExposedPorts"
# What a program's image says of how it is run, and a base of no program does not.
OF_A_PROGRAM = ("Shell", "Volumes", "Healthcheck", "StopSignal")
NVIDIA_ENTRYPOINT = re.compile(r"/opt/nvidia/[a-z0-9_./-]{1,60}")


def differences(plan: Plan, held: Held, base: BaseSettings | None) -> Iterator[Fact]:
    """Yield what of the configuration is not as the plan orders it."""
    user = f"{dockerfile.UID}:{dockerfile.group(plan)}"
    if held.settings.user not in (user, str(dockerfile.UID)):
        yield _other("user", user, held.settings.user or "root")
    if held.folder != dockerfile.APP:
        yield _other("working_folder", dockerfile.APP, held.folder)
    command = plan.command or ("python",)
    if held.command != command:
        yield _other("command", list(command), list(held.command))
    yield from _entrypoint(plan, held, base)
    yield from _further(plan, held, base)
    yield from _labels(plan, held)
    yield from _variables(plan, held, base)


def _is_known(plan: Plan, base: BaseSettings | None) -> bool:
    """Tell whether all that the base hands down is known: these kinds hand down nothing more."""
    return base is not None or plan.base.kind in ("slim", "distribution")


def _entrypoint(plan: Plan, held: Held, base: BaseSettings | None) -> Iterator[Fact]:
    entrypoint = base.entrypoint if base is not None else ()
    fits = held.settings.entrypoint == entrypoint
    if not fits and (_is_known(plan, base) or not _is_nvidia(held.settings.entrypoint)):
        yield _other("entrypoint", list(entrypoint), list(held.settings.entrypoint))


def _further(plan: Plan, held: Held, base: BaseSettings | None) -> Iterator[Fact]:
    """Yield whatever else an image can be told, without a list of what there is."""
    inherited = dict(base.further) if base is not None else {}
    inherited.pop(OF_ITS_CHILDREN, None)
    if plan.base.kind in PUBLISHED:  # which hand none of these down
        inherited = {name: value for name, value in inherited.items() if name not in OF_A_PROGRAM}
    ordered = {**inherited, **dict(_ordered(plan, inherited))}
    for name in sorted({*held.settings.further, *ordered}):
        wanted, found = ordered.get(name), held.settings.further.get(name)
        if wanted is None and not _is_known(plan, base):
            continue
        if wanted != found:
            path = CAPITAL.sub("_", name).lower()
            yield _other(path, _value(wanted), _value(found), kind_of(wanted, found))


def _ordered(plan: Plan, inherited: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What a plan orders of an image, as an engine spells it."""
    if plan.ports:
        ports = dict(json.loads(inherited.get(PORTS, "{}")))
        ports.update({f"{port}/tcp": {} for port in plan.ports})
        yield PORTS, json.dumps(ports, sort_keys=True)
    if plan.healthcheck:
        yield "Healthcheck", json.dumps({"Test": ["CMD", *plan.healthcheck]})


def _value(spelled: str | None) -> Any:
    return None if spelled is None else json.loads(spelled)


def _labels(plan: Plan, held: Held) -> Iterator[Fact]:
    """Yield the plan's labels that say something else; further ones are anybody's to add."""
    for name, wanted in dockerfile.label(plan).pairs:
        found = held.labels.get(name)
        if found != wanted and name != dockerfile.PLAN_LABEL:  # that one is judged by itself
            yield _other(text(("labels", name)), wanted, found, kind_of(wanted, found))


def _is_nvidia(entrypoint: tuple[str, ...]) -> bool:
    return not entrypoint or (
        len(entrypoint) == 1 and NVIDIA_ENTRYPOINT.fullmatch(entrypoint[0]) is not None
    )


def _handed_down(plan: Plan, base: BaseSettings | None) -> dict[str, str]:
    """The variables of a base, of a published one those that such images set."""
    kind = plan.base.kind
    return {
        name: value
        for name, value in (dict(base.variables) if base is not None else {}).items()
        if kind not in PUBLISHED or name == "PATH" or publishes(kind, name)
    }


def _variables(plan: Plan, held: Held, base: BaseSettings | None) -> Iterator[Fact]:
    """Yield variables of the configuration that neither the plan nor the base sets so."""
    ordered = dockerfile.variables(plan)
    inherited = _handed_down(plan, base)
    path = inherited.pop("PATH", None)
    for name in sorted({*held.settings.variables, *ordered, *inherited}):
        found = held.settings.variables.get(name)
        wanted = ordered.get(name, inherited.get(name))
        if name == "PATH":
            first = f"{dockerfile.VENV}/bin:"
            wanted = first + path if path is not None else None
            if found == wanted or (wanted is None and (found or "").startswith(first)):
                continue
            wanted = wanted or f"{first}…"
        elif (
            wanted is None
            and base is None
            and INHERITED.get(plan.base.kind, NOTHING).fullmatch(name)
        ):
            continue
        if found != wanted:
            yield Fact(
                path=text(("image", "env", name)),
                kind=kind_of(wanted, found),
                captured=wanted,
                inside=found,
                reason="not as the plan orders it",
            )


NOTHING = re.compile(r"(?!)")


def kind_of(wanted: object, found: object) -> ChangeKind:
    """Name how what was found differs from what was ordered."""
    if wanted is None:
        return ChangeKind.ADDED
    return ChangeKind.REMOVED if found is None else ChangeKind.CHANGED


def _other(name: str, wanted: Any, found: Any, kind: ChangeKind = ChangeKind.CHANGED) -> Fact:
    return Fact(
        path=f"image.{name}",
        kind=kind,
        captured=wanted,
        inside=found,
        reason="not as the plan orders it",
    )


def beneath(base: BaseSettings | None) -> list[str]:
    """The program of the base that starts ours, which nobody looked into."""
    entrypoint = base.entrypoint if base is not None else ()
    if _is_nvidia(entrypoint):
        return []
    return [
        f"the base's entrypoint starts the program, and was not looked into: {' '.join(entrypoint)}"
    ]


def around(container: Any, image: Held) -> list[str]:
    """How a container was started, which nothing compares."""
    config = container.attrs.get("Config") or {}
    user = str(config.get("User") or "")
    told = _outside(container.attrs)
    other = f"the container runs as {user or 'root'}, the image's user is {image.settings.user or 'root'}"
    given = _variables_of(container)
    further = sorted(name for name in given if name not in image.settings.variables)
    instead = [name for name in ("Healthcheck", "StopSignal") if _is_instead(name, config, image)]
    return [
        *([other] if user != image.settings.user else []),
        *(
            [f"set for the container, and not in the image: {few(further, MOST_OUTSIDE)}"]
            if further
            else []
        ),
        *([f"other than the image's: {', '.join(instead)}"] if instead else []),
        *(f"{what} from outside: {few(names, MOST_OUTSIDE)}" for what, names in told if names),
    ]


def _variables_of(container: Any) -> dict[str, str]:
    pairs = (container.attrs.get("Config") or {}).get("Env") or ()
    return {name: value for name, _, value in (str(pair).partition("=") for pair in pairs)}


def _is_instead(name: str, config: Mapping[str, Any], image: Held) -> bool:
    """Whether a container was given its own setting in the place of the image's."""
    found = config.get(name)
    return found is not None and found != _value(image.settings.further.get(name))


# What a container can be given: in words, the engine's name of it, and the key of an item's name.
GIVEN = (
    ("names of hosts", "ExtraHosts", ""), ("servers of names", "Dns", ""), ("domains to look in", "DnsSearch", ""),
    ("options of looking up names", "DnsOptions", ""), ("devices", "Devices", "PathInContainer"),
    ("settings of the kernel", "Sysctls", ""), ("groups", "GroupAdd", ""), ("limits", "Ulimits", "Name"),
    ("security options", "SecurityOpt", ""),
)  # fmt: skip


def _outside(attributes: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """What an engine gives a container from outside: kinds, and the names of each."""
    host = attributes.get("HostConfig") or {}
    mounts = {
        *(str(item.get("Destination")) for item in attributes.get("Mounts") or ()),
        *(host.get("Tmpfs") or {}),
    }
    given = [
        (what, [str(item.get(name)) if name else str(item) for item in host.get(key) or ()])
        for what, key, name in GIVEN
    ]
    rights = [name for name, is_given in _rights(host) if is_given]
    return [
        ("mounted", sorted(mounts)),
        *given,
        ("networks", _networks(attributes)),
        ("rights", rights),
    ]


def _networks(attributes: Mapping[str, Any]) -> list[str]:
    """The networks of a container that is in several."""
    found = sorted((attributes.get("NetworkSettings") or {}).get("Networks") or ())
    return found if len(found) > 1 else []


def _rights(host: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    yield "privileged", bool(host.get("Privileged"))
    yield "capabilities", bool(host.get("CapAdd"))
    yield "unmasked system paths", host.get("MaskedPaths") == []
    for name in ("PidMode", "IpcMode", "NetworkMode", "UTSMode", "UsernsMode"):
        yield f"{name.removesuffix('Mode').lower()} of the host", host.get(name) == "host"


def started(container: Any, image: Held, plan: Plan) -> list[Fact]:
    """What a container was started with in the place of what its image says: where, by what, with what."""
    found = list(_hidden(container, plan))
    config = container.attrs.get("Config") or {}
    folder = str(config.get("WorkingDir") or "/")
    entrypoint = tuple(str(word) for word in config.get("Entrypoint") or ())
    if folder != image.folder:
        found.append(_other("working_folder", image.folder, folder))
    if entrypoint != image.settings.entrypoint:
        found.append(_other("entrypoint", list(image.settings.entrypoint), list(entrypoint)))
    given = _variables_of(container)
    found += [
        _other(text(("env", name)), wanted, given[name] if is_listed(name) else "another value")
        for name, wanted in sorted(image.settings.variables.items())
        if name in given and given[name] != wanted
    ]
    return found


def _hidden(container: Any, plan: Plan) -> Iterator[Fact]:
    """Files of the application that lie below an empty file system of the container's own."""
    host = container.attrs.get("HostConfig") or {}
    for mount in sorted(host.get("Tmpfs") or {}):
        above = mount.rstrip("/") + "/"
        for name in sorted(plan.app_files or {}):
            if f"{dockerfile.APP}/{name}".startswith(above):
                path = text(("image", "files", f"{dockerfile.APP}/{name}"))
                yield Fact(
                    path=path, kind=ChangeKind.REMOVED, captured="in the proven image", inside=None,
                    reason=f"hidden by the tmpfs at {mount}",
                )  # fmt: skip


def above(files: Mapping[str, bool]) -> tuple[list[Fact], list[Fact]]:
    """Return the files in strange layers that count, and those that do not."""
    counting = {
        path: there
        for path, there in files.items()
        if not COMPILED.fullmatch(path)
        and (
            not (TEMPORARY.fullmatch(path) or OF_A_VISIT.fullmatch(path))
            or (there and CODE.fullmatch(path))
        )
    }
    return _facts(counting, files, ABOVE, LEFT_BEHIND)


def since_start(
    files: Mapping[str, bool], plan: Plan | None, owners: Mapping[str, int]
) -> tuple[list[Fact], list[Fact]]:
    """Return what a running container changed of its programs, and the rest.

    Byte code is judged by the capture inside, which compiles its source again. `owners` are other
    users than the container's, whose files lie beside the application.
    """
    counting = {path: there for path, there in files.items() if _is_program(path, plan)}
    others = {
        path: owner for path, owner in owners.items() if path in files.keys() - counting.keys()
    }
    left = {path: there for path, there in files.items() if path not in others}
    found, rest = _facts(counting, left, SINCE, OF_THE_RUN)
    strange = [
        _file(path, there=True, why=BY_ANOTHER.format(owner))
        for path, owner in others.items()
        if not COMPILED.fullmatch(path)
    ]
    return [*found, *strange], rest


def _is_program(path: str, plan: Plan | None) -> bool:
    """Whether a file of a container is run, loaded or read as a setting, or holds a database's last changes."""
    if TEMPORARY.fullmatch(path) or COMPILED.fullmatch(path):
        return False
    carried = (plan.app_files if plan is not None else None) or {}
    inside = path.removeprefix(f"{dockerfile.APP}/")
    journal = any(inside.removesuffix(ending) in carried for ending in JOURNALS if inside.endswith(ending))  # fmt: skip
    return journal or PROGRAMS.fullmatch(path) is not None


def _facts(
    counting: Mapping[str, bool], files: Mapping[str, bool], why: str, else_why: str
) -> tuple[list[Fact], list[Fact]]:
    named = [_file(path, there, why) for path, there in sorted(counting.items())]
    if len(named) > MOST_FILES:
        more = f"{len(named) - MOST_FILES} more files"
        named = [*named[:MOST_FILES], _file(more, there=True, why=why)]
    rest = sorted(set(files) - set(counting))[:MOST_FILES]
    return named, [_file(path, files[path], else_why) for path in rest]


def _file(path: str, there: bool, why: str) -> Fact:
    return Fact(
        path=text(("image", "files", path)),
        kind=ChangeKind.ADDED if there else ChangeKind.REMOVED,
        captured=None if there else "in the proven image",
        inside="written" if there else None,
        reason=why,
    )
