"""Packs an application's folder: its own .dockerignore counts; secrets and weights stay behind."""

from __future__ import annotations

import io
import os
import re
import stat
import tarfile

from msgspec import Struct

from envsnap.errors import InputError
from envsnap.image.facts import counted

LARGEST = 64 << 20
MOST_FILES = 20_000
IGNORE = ".dockerignore"
# Files that hold secrets by their very nature, wherever they lie.
SECRET = re.compile(
    r"\.env(\..*)?|\.envrc|\.netrc|_netrc|\.pypirc|\.npmrc|\.pgpass|\.htpasswd|\.git-credentials"
    r"|id_(rsa|dsa|ecdsa|ed25519)(\..*)?|.*\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk)"
    r"|credentials(\.(json|ya?ml|toml|ini))?|client_secrets?.*\.json|service[-_]account.*\.json"
    r"|secrets?\.(json|ya?ml|toml|ini|env)",
    re.IGNORECASE,
)
SECRET_FOLDERS = frozenset((".ssh", ".aws", ".azure", ".gnupg", ".kube", ".docker", ".gcloud"))
OUTSIDE = frozenset((".git", ".hg", ".svn", "__pycache__", ".venv", ".tox", ".mypy_cache"))
WEIGHTS = re.compile(
    r".*\.(safetensors|pt|pth|ckpt|onnx|h5|hdf5|gguf|ggml|tflite|engine|plan|npz)", re.IGNORECASE
)
MOST_NAMED = 6


class Application(Struct, frozen=True, kw_only=True):
    """A packed folder: the archive, and what was left out for which reason."""

    data: bytes
    count: int
    secrets: tuple[str, ...]
    weights: tuple[str, ...]
    links: tuple[str, ...]

    def why(self) -> str:
        """Say what was packed and what was not."""
        parts = ["the folder that --app names"]
        for what, names in (
            ("may hold secrets", self.secrets),
            ("weights: mount them when the container starts", self.weights),
            ("links and special files", self.links),
        ):
            if names:
                more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
                parts.append(f"left out ({what}): {', '.join(names[:MOST_NAMED])}{more}")
        return "; ".join(parts)


def pack(folder: str) -> Application:
    """Pack a folder so that equal files give equal bytes. Raises InputError."""
    if not os.path.isdir(folder):
        raise InputError(f"--app {folder}: no such folder")
    secrets: list[str] = []
    weights: list[str] = []
    links: list[str] = []
    kept: list[str] = []
    for name in _wanted(folder):
        path = os.path.join(folder, name)
        mode = os.lstat(path).st_mode
        if stat.S_ISDIR(mode) or _is_outside(name):
            continue
        if _is_secret(name):
            secrets.append(name)
        elif not stat.S_ISREG(mode):
            links.append(name)
        elif WEIGHTS.fullmatch(os.path.basename(name)):
            weights.append(name)
        else:
            kept.append(name)
    if not kept:
        raise InputError(f"--app {folder}: holds no file that an image may get")
    return Application(
        data=_archive(folder, kept),
        count=len(kept),
        secrets=tuple(secrets),
        weights=tuple(weights),
        links=tuple(links),
    )


def _wanted(folder: str) -> list[str]:
    """Name what the folder's own .dockerignore lets through, sorted."""
    from docker.utils.build import exclude_paths

    patterns: list[str] = []
    ignore = os.path.join(folder, IGNORE)
    if os.path.isfile(ignore):
        with open(ignore, encoding="utf-8", errors="replace") as stream:
            lines = [line.strip() for line in stream.read(1 << 20).splitlines()]
        patterns = [line for line in lines if line and not line.startswith("#")]
    # Its last argument only keeps the Dockerfile's own name from being ignored.
    names = exclude_paths(folder, patterns, dockerfile=IGNORE)
    found = sorted(name for name in names if name != IGNORE)
    if len(found) > MOST_FILES:
        raise InputError(
            f"--app {folder}: {counted(len(found), 'file')}; leave some out with {IGNORE}"
        )
    return found


def _is_outside(name: str) -> bool:
    return not OUTSIDE.isdisjoint(name.split(os.sep))


def _is_secret(name: str) -> bool:
    parts = name.split(os.sep)
    return not SECRET_FOLDERS.isdisjoint(parts[:-1]) or SECRET.fullmatch(parts[-1]) is not None


def _archive(folder: str, names: list[str]) -> bytes:
    """Write a tar without owners and dates; executable files stay executable."""
    data = io.BytesIO()
    total = 0
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in names:
            content, mode = _read(folder, name)
            total += len(content)
            if total > LARGEST:
                raise InputError(
                    f"--app {folder}: larger than {LARGEST >> 20} MiB; leave files out with {IGNORE}"
                )
            member = tarfile.TarInfo(name.replace(os.sep, "/"))
            member.size = len(content)
            member.mode = 0o755 if mode & stat.S_IXUSR else 0o644
            tar.addfile(member, io.BytesIO(content))
    return data.getvalue()


def _read(folder: str, name: str) -> tuple[bytes, int]:
    """Read one regular file; what became a link or a device since is refused."""
    path = os.path.join(folder, name)
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags)
        with open(descriptor, "rb") as stream:
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                raise InputError(f"--app {folder}: {name!a} is no regular file any more")
            return stream.read(LARGEST + 1), mode
    except OSError as error:
        raise InputError(f"--app {folder}: {name!a}: {error.strerror or error}") from None
