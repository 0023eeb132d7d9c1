"""Installs an explicit list of conda packages: conda_install.py LIST PREFIX.

Each line of the list is the address of a package and its digest. A package that lies beside the
list is taken from there; what has another digest is refused. Post-link scripts of packages run, as
they do under conda. Python 3.10 and newer, with py-rattler.
"""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rattler import IndexJson, PackageRecord, RepoDataRecord, install

LINE = re.compile(
    r"(?P<url>[^#\s]+)(?:#(?:(?P<md5>[0-9a-f]{32})|(?:sha256:)?(?P<sha256>[0-9a-f]{64})))?"
)
MARK = "@EXPLICIT"
CONNECTIONS = 8
TIMEOUT = 120
ATTEMPTS = 3
# Where a package was unpacked is nothing that the environment should tell of.
TRACES = ("extracted_package_dir", "package_tarball_full_path", "link")


def main(listed: str, prefix: str) -> None:
    """Install the packages of a list."""
    with open(listed, encoding="ascii") as stream:
        lines = [line.strip() for line in stream]
    named = [understood(line) for line in lines if line not in ("", MARK) and line[0] != "#"]
    beside = os.path.dirname(os.path.abspath(listed))
    with tempfile.TemporaryDirectory() as folder:

        def get(line: re.Match[str]) -> RepoDataRecord:
            return described(line, fetched(line, beside, folder))

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            records = list(pool.map(get, named))
        cache = os.path.join(folder, "cache")
        asyncio.run(
            install(
                records,
                target_prefix=prefix,
                cache_dir=Path(cache),
                execute_link_scripts=False,
                show_progress=False,
            )
        )
    for record in PackageRecord.sort_topologically([*records]):
        finish(prefix, record)
    state(
        prefix, {record.file_name: line["url"] for record, line in zip(records, named, strict=True)}
    )


def understood(line: str) -> re.Match[str]:
    """Return the parts of a line: url, md5, sha256."""
    match = LINE.fullmatch(line)
    if match is None:
        raise SystemExit(f"{line}: not an address of a package with a digest")
    return match


def fetched(line: re.Match[str], beside: str, folder: str) -> str:
    """Return the path of a package that has the digest of its line."""
    name = line["url"].rpartition("/")[2]
    place = os.path.join(beside, name)
    if not os.path.exists(place):
        place = os.path.join(tempfile.mkdtemp(dir=folder), name)
        download(line["url"], place)
    for kind in ("sha256", "md5"):
        if line[kind] and digest(place, kind) != line[kind]:
            raise SystemExit(f"{name}: its {kind} is {digest(place, kind)}, not {line[kind]}")
    return place


def download(url: str, place: str) -> None:
    """Download a file; a connection that breaks is tried again."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT) as answer, open(place, "wb") as file:
                shutil.copyfileobj(answer, file, 1 << 20)
        except (OSError, http.client.HTTPException) as error:
            if attempt == ATTEMPTS:
                raise SystemExit(f"{url}: cannot be fetched: {error}") from None
        else:
            return


def digest(place: str, kind: str) -> str:
    """Return a file's digest, in hexadecimal digits."""
    found = hashlib.new(kind)
    with open(place, "rb") as stream:
        while block := stream.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def described(line: re.Match[str], place: str) -> RepoDataRecord:
    """Return the record of a package, as its own metadata states it."""
    stated = IndexJson.from_package_archive(Path(place))
    record = PackageRecord(
        stated.name,
        str(stated.version),
        stated.build,
        stated.build_number,
        stated.subdir or line["url"].split("/")[-2],
        noarch=stated.noarch,
        depends=stated.depends,
        constrains=stated.constrains,
        license=stated.license,
        sha256=bytes.fromhex(digest(place, "sha256")),
        md5=bytes.fromhex(digest(place, "md5")),
        size=os.path.getsize(place),
        python_site_packages_path=stated.python_site_packages_path,
    )
    channel = line["url"].rpartition("/")[0].rpartition("/")[0]
    return RepoDataRecord(record, os.path.basename(place), "file://" + place, channel)


def finish(prefix: str, record: PackageRecord) -> None:
    """Run the post-link script of a package, if it has one; a script that fails ends all."""
    name = record.name.normalized
    script = os.path.join(prefix, "bin", f".{name}-post-link.sh")
    if not os.path.exists(script):
        return
    told = {
        "PREFIX": prefix,
        "PKG_NAME": name,
        "PKG_VERSION": str(record.version),
        "PKG_BUILDNUM": str(record.build_number),
        "PATH": os.path.join(prefix, "bin") + os.pathsep + os.environ["PATH"],
    }
    code = subprocess.run(["bash", script], env={**os.environ, **told}, check=False).returncode
    if code:
        raise SystemExit(f"{name}: its post-link script ended with exit code {code}")


def state(prefix: str, urls: dict[str, str]) -> None:
    """Let conda-meta name the addresses of the list, and nothing of this build."""
    meta = os.path.join(prefix, "conda-meta")
    for name in sorted(os.listdir(meta)):
        place = os.path.join(meta, name)
        if not name.endswith(".json"):
            continue
        with open(place, encoding="utf-8") as stream:
            record = json.load(stream)
        record["url"] = urls[record["fn"]]
        for trace in TRACES:
            record.pop(trace, None)
        with open(place, "w", encoding="utf-8") as stream:
            json.dump(record, stream, indent=2)
        os.chmod(place, 0o644)  # every user may know what is installed


if __name__ == "__main__":
    main(*sys.argv[1:])
