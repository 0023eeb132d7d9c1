"""What the first readers do not reach: what is written out, fleets, libraries, weights, names of secrets.

Runs as `test_readers` does, with its seconds, its seed and its contract. Caches and stores are not
here: they are believed only where they are the user's own.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import struct
import subprocess
import sysconfig
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from envsnap import api
from envsnap.errors import EnvsnapError
from envsnap.fleet import inventory, nodeset
from envsnap.intake import config_trees, messages, reader
from envsnap.model import codec
from envsnap.model.manifest import Manifest
from envsnap.probe import secrets
from envsnap.probe.readers import elf, symbols, tensors, versions
from envsnap.report import document, formats
from tests.conftest import lacking
from tests.fuzz import mutations
from tests.fuzz.test_readers import foreign, fuzzed, golden


def place(name: str) -> Path:
    """A file of this run."""
    return Path(os.environ["ENVSNAP_FUZZ_FOLDER"]) / name


NAMES = ("password", "API_KEY", "db.token", "x-api-key", "accessToken", "user pass", "the secret", "auth", "--password", "-p", "community")  # fmt: skip
JOINTS = (": ", "=", " is ", " => ", "  ", "\t", " <<< ", " (", '": "', "', '", " == ", ":", " | ", "=[", " currently ", "\n")  # fmt: skip
VALUES = ("", " ", "  ", "\u00a0", '"', "'", '"" ', "' '", "\\", "\\n", "x" * 5000, "9" * 5000, "a1B2" * 9, "$", "${", "{{", "<<", "<a@b>", "@", "a@", ":", "//", "-", "--", "\ud800", "\x1b[31m", "=" * 40, "Zg==" * 9, "eyJ" + "a" * 40)  # fmt: skip
AROUND = ("", "$ curl ", "{", "<key>", "[", "mysql -u x ", "INSERT INTO t (password) VALUES (", "echo x | ", "user joe ", "https://h/?", "export ", 'variable "password" {')  # fmt: skip


def secret(rng: random.Random) -> None:
    """A name that tells a secret, and what stands in the place of its value."""
    parts = [
        rng.choice(AROUND) + rng.choice(NAMES) + rng.choice(JOINTS) + rng.choice(VALUES)
        for _ in range(rng.randint(1, 4))
    ]
    text = rng.choice(("\n", " ", ",", "; ")).join(parts)
    if rng.random() < 0.5:
        text = mutations.bytes_of(text.encode("utf-8", "surrogatepass"), rng).decode(
            "utf-8", rng.choice(("replace", "surrogateescape"))
        )
    messages.clean_message(text)
    name = rng.choice(NAMES)
    secrets.judge(name, text)
    secrets.sweep({"a": text, "b": [text]}, lambda *cut: None)  # noqa: ARG005 - nobody is told
    config_trees.redact({name: text, "args": text.split(" "), "env": [{"name": name, "value": text}]}, ("app",), {})  # fmt: skip


def manifest_of(rng: random.Random) -> Manifest:
    """A manifest that was edited, and is one still."""
    data = mutations.json_of(rng.choice(golden()), rng)
    return codec.decode_unchecked(data, "it").manifest


FORMS = tuple(name for name in api.forms() if name != "pylock")  # that one asks an index


def written(rng: random.Random) -> None:
    """A form of another tool, of a manifest that was edited."""
    api.exported(manifest_of(rng), rng.choice(FORMS), name="it\x1b[2J.json")


def told(rng: random.Random) -> None:
    """A report on a manifest that was edited, in every format."""
    found = manifest_of(rng)
    reference = codec.decode(golden()[0], "dev").manifest
    alone = rng.random() < 0.4
    result = api.check(found) if alone else api.diff(reference, found)
    judged = document.Judged(side=document.side("it\n::error::", found), result=result)
    asked = None if alone else document.side("dev", reference)
    report = document.Report(reference=asked, judged=(judged,))
    name = rng.choice([name for name in formats.NAMES if name not in formats.IN_FILES])
    text = formats.render(report, name, color=True, width=80, ascii_only=rng.random() < 0.5)
    assert "\x1b[2J" not in text


def planned(rng: random.Random) -> None:
    """The plan of a container, from a manifest that was edited, and its files."""
    found = manifest_of(rng)
    made = codec.decode(codec.encode(found), "it")
    api.context(made, rng.choice(("auto", "python:3.11-slim", "a b\nRUN x")))


HOSTS = (b"n[1-16],login\n# c\nssh://joe@gpu-[01-04].h.example:22\n", b"rack[1-2]n[1-4]\nx\n", b"10.0.0.[1-9]\n")  # fmt: skip


def hosts(rng: random.Random) -> None:
    """A list of hosts."""
    data = mutations.bytes_of(rng.choice(HOSTS), rng)
    place("hosts").write_bytes(data)
    nodeset.fold(inventory.read(str(place("hosts")))[:2000])


def respelled(rng: random.Random) -> None:
    """A foreign file in another encoding, joined with another one, or with its lines moved."""
    data = rng.choice(foreign())
    choice = rng.randrange(5)
    if choice == 0:
        data = data.decode("utf-8", "replace").encode(rng.choice(("utf-16", "utf-16-be", "utf-32", "utf-8-sig", "cp1252")), "replace")  # fmt: skip
    elif choice == 1:
        other = rng.choice(foreign())
        data = data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]
    else:
        lines = data.split(b"\n")
        for _ in range(rng.randint(1, 5)):
            one, two = rng.randrange(len(lines)), rng.randrange(len(lines))
            if choice == 2:
                lines[one], lines[two] = lines[two], lines[one]
            elif choice == 3:
                lines[one] = b" ".join(
                    rng.sample(lines[one].split(b" "), lines[one].count(b" ") + 1)
                )
            else:
                lines[one : one + 1] = [lines[one]] * rng.choice((0, 2, 300))
                lines = lines or [b""]
        data = rng.choice((b"\n", b"\r\n", b"\n\n")).join(lines)
    place("it.txt").write_bytes(data)
    reader.load(str(place("it.txt")))


@cache
def library() -> bytes:
    folder = Path(sysconfig.get_path("stdlib")) / "lib-dynload"
    found = sorted(folder.glob("*.so"), key=lambda path: path.stat().st_size)
    if not found:
        lacking("the interpreter has no extension modules")
    return found[0].read_bytes()


def shared_object(rng: random.Random) -> None:
    """A library whose headers lie: what reads it may refuse it, by the two errors it names."""
    found = bytearray(library())
    for _ in range(rng.randint(1, 8)):
        at = rng.choice((rng.randrange(64), rng.randrange(600), rng.randrange(len(found)), len(found) - 1 - rng.randrange(2400)))  # fmt: skip
        size = rng.choice((1, 2, 4, 8))
        found[at : at + size] = rng.choice((b"\0", b"\xff", b"\x7f", rng.randbytes(1))) * size
    path = str(place("it.so"))
    Path(path).write_bytes(bytes(found[: rng.choice((None, rng.randrange(len(found))))]))
    for read in (
        elf.build_id,
        elf.interpreter,
        elf.dependencies,
        elf.end_of_segments,
        versions.newest,
        versions.needed,
    ):
        try:
            read(path)
        except (OSError, ValueError):
            continue
    try:
        symbols.Library(path)
        elf.section(path, b".dynstr")
    except (OSError, ValueError):
        return


HEADER = {"a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}, "__metadata__": {"format": "pt"}}  # fmt: skip
PICKLE = b"\x80\x02}q\x00X\x01\x00\x00\x00aq\x01ctorch._utils\n_rebuild_tensor_v2\nq\x02((X\x07\x00\x00\x00storageq\x03ctorch\nFloatStorage\nq\x04X\x01\x00\x00\x000q\x05X\x03\x00\x00\x00cpuq\x06K\x04tq\x07QK\x00K\x02K\x02\x86q\x08K\x02K\x01\x86q\x09\x89ccollections\nOrderedDict\nq\x0a)Rq\x0btq\x0cRq\x0ds."  # fmt: skip


def weights(rng: random.Random) -> None:
    """Files of weights: a header that lies, an archive with another pickle."""
    if rng.random() < 0.5:
        header = mutations.json_of(json.dumps(HEADER).encode(), rng)
        size = rng.choice((len(header), 0, 2**63, 2**64 - 1, rng.randrange(200)))
        path, data = place("it.safetensors"), struct.pack("<Q", size) + header + b"\0" * 16
    else:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("x/data.pkl", mutations.bytes_of(PICKLE, rng))
        path, data = place("it.pt"), made.getvalue()
        if rng.random() < 0.3:
            data = mutations.bytes_of(data, rng)
    path.write_bytes(data)
    try:
        tensors.describe(str(path), len(data))
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001, S110 - as the collector has it: damage is told of the file
        pass


@cache
def signed() -> tuple[bytes, str, bytes]:
    """A manifest with its signature, and who may sign."""
    if shutil.which("ssh-keygen") is None:
        lacking("ssh-keygen is not installed")
    folder = Path(os.environ["ENVSNAP_FUZZ_FOLDER"])
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "mine")], check=True)  # fmt: skip
    public = (folder / "mine.pub").read_text().split()
    (folder / "one.json").write_bytes(golden()[0])
    made, _ = api.sign(str(folder / "one.json"), str(folder / "mine"))
    allowed = f'ci@h.example namespaces="envsnap" {public[0]} {public[1]}\n'
    return made, allowed, golden()[0]


def signature(rng: random.Random) -> None:
    """A signature, a list of signers or a manifest that was changed: never taken for the signed one."""
    armored, allowed, data = signed()
    choice = rng.randrange(3)
    changed = [armored, allowed.encode(), data]
    changed[choice] = mutations.bytes_of(changed[choice], rng)
    for name, part in zip(("it.json.sig", "signers", "it.json"), changed, strict=True):
        place(name).write_bytes(part)
    try:
        signer, _ = api.signed_by(str(place("it.json")), str(place("signers")))
    except EnvsnapError:
        return
    assert changed[2] == data, "a changed manifest was taken for the signed one"
    assert signer


READERS: tuple[Callable[[random.Random], None], ...] = (
    secret,
    written,
    told,
    planned,
    hosts,
    respelled,
    shared_object,
    weights,
    signature,
)


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
def test_whatever_comes_there_is_one_sentence_at_most(
    read: Callable[[random.Random], None],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ENVSNAP_FUZZ_FOLDER", str(tmp_path_factory.mktemp("more")))
    fuzzed(read, capsys)


@pytest.mark.parametrize("cut", range(0, 6000, 37))
def test_a_library_that_ends_early_is_refused_or_read(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "it.so"
    data = library()
    path.write_bytes(data[: len(data) - cut] if cut % 2 else data[: 64 + cut])
    for read in (
        elf.dependencies,
        elf.build_id,
        versions.newest,
        lambda name: elf.section(name, b".dynstr"),
    ):
        try:
            read(str(path))
        except (OSError, ValueError):
            continue
