"""Private package indexes: named by the user, asked with the user's own credentials, on this host.

What comes from them is fetched here, hashed, and carried in the build context. No address, name
or password of theirs reaches a plan, a layer, a label or a command line.
"""

from __future__ import annotations

import base64
import hashlib
import json
import netrc
import os
import re
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from msgspec import Struct

from envsnap.errors import BuildError, InputError
from envsnap.image import validate

NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,40}[a-z0-9])?")
TIMEOUT = 60.0
PIECE = 1 << 20
KEYRING_SECONDS = 20.0
WITH_NAME = ("--mode", "creds", "--output", "json")


class Index(Struct, frozen=True, kw_only=True):
    """An index: its address without credentials, and these apart."""

    name: str
    url: str
    user: str | None = None
    password: str | None = None

    @property
    def host(self) -> str:
        """Its host and port."""
        return urlsplit(self.url).netloc


def read(named: Mapping[str, str]) -> tuple[Index, ...]:
    """Read NAME=URL pairs; credentials are taken out of the address. Raises InputError."""
    return tuple(_index(name, url) for name, url in named.items())


def _index(name: str, url: str) -> Index:
    validate.matched(name, NAME, "--index", "name of an index (NAME=URL)")
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        raise InputError(f"--index {name}: name an address that begins with https://")
    user: str | None
    password: str | None
    plain = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    if parts.username is not None:
        user, password = unquote(parts.username), unquote(parts.password or "")
        if parts.password is None:
            user, password = _of_keyring(plain, user) or (user, "")
    else:
        user, password = _credentials(name, plain, parts.hostname)
    if not all(" " < letter <= "~" for letter in plain):
        raise InputError(f"--index {name}: its address is not plain ASCII")
    return Index(name=name, url=plain, user=user, password=password)


def _credentials(name: str, url: str, host: str) -> tuple[str | None, str | None]:
    """Look where the user's own tools keep them: uv's variables, netrc, the keyring."""
    prefix = f"UV_INDEX_{re.sub('[^A-Z0-9]', '_', name.upper())}"
    if os.environ.get(f"{prefix}_PASSWORD"):
        return os.environ.get(f"{prefix}_USERNAME", ""), os.environ[f"{prefix}_PASSWORD"]
    return _of_netrc(host) or _of_keyring(url) or (None, None)


def _of_netrc(host: str) -> tuple[str, str] | None:
    path = os.environ.get("NETRC") or os.path.expanduser("~/.netrc")
    try:
        found = netrc.netrc(path).authenticators(host)
    except (OSError, netrc.NetrcParseError):
        return None
    return (found[0], found[2] or "") if found else None


def _of_keyring(url: str, user: str | None = None) -> tuple[str, str] | None:
    """Ask the user's keyring, by address and by host; some keep nothing without a user's name."""
    program = shutil.which("keyring")
    services = (url, urlsplit(url).netloc) if program is not None else ()
    for asked in (question for service in services for question in _questions(service, user)):
        try:
            said = subprocess.run(
                [str(program), *asked],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=KEYRING_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        if said.returncode == 0:
            found = (user, said.stdout.rstrip("\n")) if user else _credential(said.stdout)
            if found is not None:
                return found
    return None


def _questions(service: str, user: str | None) -> tuple[tuple[str, ...], ...]:
    if user:
        return (("get", service, user),)
    return (*WITH_NAME, "get", service), (*WITH_NAME, "get", service, "")  # the latter before 25.2


def _credential(spelled: str) -> tuple[str, str] | None:
    try:
        found = json.loads(spelled)
        return str(found["username"]), str(found["password"])
    except (ValueError, LookupError, TypeError):
        return None


def for_uv(indexes: tuple[Index, ...]) -> tuple[list[str], dict[str, str]]:
    """Return uv's options, and the variables in which it reads credentials: never its arguments."""
    options: list[str] = []
    variables: dict[str, str] = {}
    for item in indexes:
        options += ["--index", f"{item.name}={item.url}"]
        if item.user is not None:
            prefix = f"UV_INDEX_{re.sub('[^A-Z0-9]', '_', item.name.upper())}"
            variables[f"{prefix}_USERNAME"] = item.user
            variables[f"{prefix}_PASSWORD"] = item.password or ""
    return options, variables


def header(indexes: tuple[Index, ...], url: str) -> dict[str, str]:
    """Return what a request to this address needs, where it is of one of these indexes."""
    for item in indexes:
        if item.user is not None and urlsplit(url).netloc.rpartition("@")[2] == item.host:
            pair = base64.b64encode(f"{item.user}:{item.password or ''}".encode()).decode("ascii")
            return {"Authorization": f"Basic {pair}"}
    return {}


def fetch(indexes: tuple[Index, ...], url: str, file: str, sha256: str) -> Path:
    """Fetch a file of a private index, once, and return where it lies. Raises BuildError."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    target = folder / "envsnap" / "wheels" / sha256 / file
    if target.is_file() and sha256_of(target) == sha256:
        return target
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    request = urllib.request.Request(_plain(url), headers={"User-Agent": "envsnap"})  # noqa: S310 -- checked in _plain
    for key, value in header(indexes, url).items():
        request.add_unredirected_header(key, value)
    try:
        with (
            tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as stream,
            urllib.request.urlopen(request, timeout=TIMEOUT) as answer,  # noqa: S310 -- as above
        ):
            shutil.copyfileobj(answer, stream, PIECE)
    except OSError as error:
        raise BuildError(f"{file}: the index does not give it: {error}") from None
    found = sha256_of(Path(stream.name))
    if found != sha256:
        os.unlink(stream.name)
        raise BuildError(f"{file}: the index gives another file than it states (SHA-256 {found})")
    os.replace(stream.name, target)
    return target


def _plain(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http"):
        raise BuildError(f"not an address of a server: {parts.scheme}")
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))


def sha256_of(path: Path) -> str:
    """The digest of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
