"""What the user adds to a plan: stand-ins for images, a CA, config files, the command."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
import shlex
import stat
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from envsnap.errors import InputError
from envsnap.image import validate
from envsnap.image.facts import string
from envsnap.image.planning import application, apt, carried
from envsnap.image.records import Decision, File, Plan
from envsnap.model import reading
from envsnap.model.inputs import Config
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as path_text
from envsnap.wording import counted

CA_FILE = "extra-ca.crt"
APP_FILE = "app.tar"
LARGEST_FILE = 1 << 20
FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
LONGEST_COMMAND = 1000


class Extras(Struct, frozen=True, kw_only=True):
    """What the user names beside the manifest. Paths are of this machine."""

    stand_ins: Mapping[str, str] = {}  # image of the plan -> image that the engine has
    extra_ca: str | None = None
    configs: Mapping[str, str] = {}
    app: str | None = None
    command: str | None = None
    healthcheck: str | None = None
    apt: str = apt.CAPTURED
    weights: Mapping[str, str] = {}
    ports: tuple[int, ...] = ()
    env: Mapping[str, str] = {}
    apt_packages: tuple[str, ...] = ()
    any_user: bool = False
    compiler: bool | None = None  # None: where triton was captured beside one


def add(plan: Plan, manifest: Manifest, extras: Extras) -> tuple[Plan, dict[str, bytes | Path]]:
    """Add extras to a plan, and return the files they bring. Raises InputError."""
    plan = _stand_in(plan, extras.stand_ins)
    files: dict[str, bytes | Path] = {}
    if extras.extra_ca is not None:
        files[CA_FILE] = _certificates(extras.extra_ca)
        plan = replace(plan, extra_ca=True)
    added = []
    for name, path in sorted(extras.configs.items()):
        file, data = _config(manifest, name, path)
        added.append(file)
        files[file.file] = data
        plan = carried.with_secret_file(plan, manifest, file)
    taken = [item.path for item in added]
    if len(taken) != len(set(taken)):
        raise InputError("--config: two files would lie at one place; rename one")
    there = {path_text(("configs", item.name)) for item in added}
    plan = replace(
        plan,
        files=tuple(added),
        not_carried=tuple(item for item in plan.not_carried if item.path not in there),
    )
    plan, weights = carried.add_weights(plan, manifest, extras.weights)
    files.update(weights)
    plan = carried.add_packages(
        plan, extras.apt_packages, compiler=_compiler(plan, manifest, extras.compiler)
    )
    plan = carried.add_settings(plan, extras.env, extras.ports, any_user=extras.any_user)
    names: frozenset[str] = frozenset()
    if extras.app is not None:
        plan, files[APP_FILE], names = _application(plan, extras.app)
    if extras.command is not None:
        plan = replace(plan, command=_command(extras.command, "--cmd"))
        plan = carried.with_warning(plan, "command", plan.command)
        carried.require_file(plan, names, given=extras.app is not None)
    if extras.healthcheck is not None:
        plan = replace(plan, healthcheck=_command(extras.healthcheck, "--healthcheck"))
        plan = carried.with_warning(plan, "healthcheck", plan.healthcheck)
    return _apt_source(plan, extras.apt), files


def _compiler(plan: Plan, manifest: Manifest, asked: bool | None) -> bool:
    if asked is not None:
        return asked
    captured = reading.entries(manifest, "tools")
    return carried.needs_compiler(plan) and bool(captured.keys() & {"gcc", "cc", "clang"})


def _apt_source(plan: Plan, source: str) -> Plan:
    packages, archive, decision = apt.from_archive(plan, source)
    told = plan.decisions if decision is None else (*plan.decisions, decision)
    return replace(plan, apt=packages, apt_archive=archive, decisions=told)


def _application(plan: Plan, folder: str) -> tuple[Plan, bytes, frozenset[str]]:
    packed = application.pack(folder)
    decision = Decision(
        subject="app",
        choice=counted(len(packed.digests), "file"),
        why=packed.why(),
        certainty="nearest" if packed.weights or packed.links else "exact",
    )
    covered = [
        item.path
        for item in plan.files
        if packed.digests.get(item.path.removeprefix("/app/"), item.sha256) != item.sha256
    ]
    if covered:
        raise InputError(
            f"--config: {covered[0]} would replace another file of --app; leave one out"
        )
    digest = hashlib.sha256(packed.data).hexdigest()
    told = (*plan.decisions, decision)
    made = replace(
        plan, app=digest, app_files=packed.digests, app_programs=packed.programs, decisions=told
    )
    return made, packed.data, frozenset(packed.digests)


def _stand_in(plan: Plan, stand_ins: Mapping[str, str]) -> Plan:
    """Put images that the engine has in the place of those that the plan names."""
    unused = dict(stand_ins)
    base, python, decisions = plan.base, plan.python, list(plan.decisions)
    of_conda = plan.conda
    for name, local in stand_ins.items():
        validate.matched(local, validate.LOCAL_IMAGE, "--base-image", "image reference or ID")
        if name == base.reference:
            base = replace(base, reference=local, stands_in_for=name)
            unused.pop(name)
            decisions.append(_stands_in(name, local))
        if name == python.image:
            python = replace(python, image=local)
            unused.pop(name, None)
            decisions.append(_stands_in(name, local))
        if of_conda is not None and name == of_conda.image:
            of_conda = replace(of_conda, image=local)
            unused.pop(name, None)
            decisions.append(_stands_in(name, local))
    if unused:
        stage = of_conda.image if of_conda else None
        named = (base.stands_in_for or base.reference, python.image, stage)
        wanted = ", ".join(filter(None, named))
        raise InputError(
            f"--base-image {next(iter(unused))}: the plan names no such image: {wanted}"
        )
    return replace(plan, base=base, python=python, conda=of_conda, decisions=tuple(decisions))


def _stands_in(name: str, local: str) -> Decision:
    return Decision(
        subject="base",
        choice=local,
        why=f"named with --base-image to stand in for {name}; only the proof tells what it holds",
        certainty="unknown",
    )


def _read(path: str, option: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InputError(f"{option} {path}: not a regular file")
            data = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise InputError(f"{option} {path}: {error.strerror or error}") from None
    if len(data) > LARGEST_FILE:
        raise InputError(f"{option} {path}: larger than {LARGEST_FILE >> 20} MiB")
    return data


def _certificates(path: str) -> bytes:
    data = _read(path, "--extra-ca")
    if CERTIFICATE not in data or b"PRIVATE KEY" in data:
        raise InputError(f"--extra-ca {path}: not a file of certificates (PEM), and only of those")
    return data


def _config(manifest: Manifest, name: str, path: str) -> tuple[File, bytes]:
    """Take a config file that is, by its digest, the one that was captured."""
    place = path_text(("configs", name))
    captured = reading.entries(manifest, "configs").get(name)
    if not isinstance(captured, Config) or string(captured.sha256) is None:
        raise InputError(f"--config {name}={path}: the manifest has no config file of this name")
    data = _read(path, "--config")
    digest = hashlib.sha256(data).hexdigest()
    if digest != captured.sha256:
        raise InputError(f"{place}: {path} is not the file that was captured (its SHA-256 differs)")
    inside = posixpath.basename(string(captured.path) or "") or name
    if not FILE_NAME.fullmatch(inside):
        inside = os.path.basename(path)
    validate.matched(inside, FILE_NAME, place, "plain file name")
    return File(name=name, file=f"config-{digest}", path=f"/app/{inside}", sha256=digest), data


# What only a shell understands: a variable, a command's output, an assignment before a program.
OF_A_SHELL = re.compile(r"[$`]|^\s*[A-Za-z_]\w*=")
SIGNS = "();<>|&"
# Of HEALTHCHECK, what is no command.
OF_THE_INSTRUCTION = re.compile(
    r"\s*(?:NONE\s*$|CMD\s|--(?:interval|timeout|retries|start-period)\b)"
)


def _command(text: str, option: str) -> tuple[str, ...]:
    """A command's words: of a JSON list, of a line, or of the shell that a line needs.

    Nothing is expanded here.
    """
    if len(text) > LONGEST_COMMAND:
        raise InputError(f"{option}: longer than {LONGEST_COMMAND} characters")
    validate.variable_value(text, option)
    if OF_THE_INSTRUCTION.match(text):
        raise InputError(
            f"{option} {text}: give the command alone, without NONE, CMD or --interval"
        )
    try:
        words = _words(text)
    except ValueError as error:
        raise InputError(f"{option} {text}: {error}") from None
    if not words or not words[0].strip():
        raise InputError(f"{option}: names no program")
    return words


def _words(text: str) -> tuple[str, ...]:
    """Raises ValueError where quotation marks do not match, or a list is none of texts."""
    if text.lstrip().startswith("["):
        found = json.loads(text)
        if not all(isinstance(word, str) for word in found):
            raise ValueError("not a list of texts")
        return tuple(found)
    signs = shlex.shlex(text, posix=True, punctuation_chars=SIGNS)
    signs.whitespace_split = True
    if OF_A_SHELL.search(text) or any(word and set(word) <= set(SIGNS) for word in signs):
        return "/bin/sh", "-c", text
    return tuple(shlex.split(text))
