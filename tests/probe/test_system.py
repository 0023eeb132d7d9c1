"""The machine, its tools and the repository around: against what the machine itself says."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from envsnap.intake import reader
from envsnap.model.manifest import Sections
from envsnap.probe.collectors import system
from envsnap.probe.readers import elf, mapped
from tests.conftest import Run


def captured(envsnap: Run, folder: Path, **settings: object) -> Sections:
    """Capture this interpreter without imports."""
    done = envsnap(
        "capture", "--python", sys.executable, "--no-import", "-o", folder / "it.json", **settings
    )
    assert done.returncode == 0, done.stderr
    return reader.load(str(folder / "it.json")).manifest.sections


def test_the_machine_is_what_it_says(envsnap: Run, tmp_path: Path) -> None:
    facts = captured(envsnap, tmp_path).system
    assert facts.architecture == platform.machine()
    assert facts.kernel == platform.release()
    assert facts.cpus == os.cpu_count()
    if sys.platform.startswith("linux"):
        libc = subprocess.run(
            ["getconf", "GNU_LIBC_VERSION"], capture_output=True, text=True, check=False
        )
        assert facts.glibc == libc.stdout.split()[-1]
        assert facts.memory_total == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        assert "sse2" in facts.cpu_flags or facts.architecture != "x86_64"
        assert facts.libstdcxx is None or str(facts.libstdcxx).startswith("GLIBCXX_3.4")


def test_a_locale_that_is_not_installed(envsnap: Run, tmp_path: Path) -> None:
    facts = captured(envsnap, tmp_path, env={"LC_ALL": "xx_YY.UTF-8"}).system
    assert (facts.locale, facts.locale_installed) == ("xx_YY.UTF-8", False)
    facts = captured(envsnap, tmp_path, env={"LC_ALL": "C.UTF-8"}).system
    assert (facts.locale, facts.locale_installed) == ("C.UTF-8", True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ELF files are Linux's")
def test_elf_files_tell_their_loader_and_build(tmp_path: Path) -> None:
    loader = elf.interpreter(os.path.realpath(sys.executable))
    assert loader.startswith("/lib")
    for wrong in (b"", b"\x7fELF", b"#!/bin/sh\n", b"\x7fELF" + b"\xff" * 60):
        path = tmp_path / "wrong"
        path.write_bytes(wrong)
        try:
            assert elf.build_id(str(path)) is None
        except ValueError as error:
            assert "not an ELF file" in str(error)


def test_musl_is_known_by_its_loader(tmp_path: Path) -> None:
    loader = tmp_path / "ld-musl-x86_64.so.1"
    loader.write_bytes(b"\x7fELF....\0musl libc (x86_64)\nVersion %s\n\0" + b"\x001.2.4\0...")
    assert system._musl_version(str(loader)) == "1.2.4"


@pytest.mark.parametrize(
    ("path", "name", "version"),
    [
        ("/usr/lib/libcudart.so.12.4.127", "libcudart.so.12", "12.4.127"),
        ("/x/torch/lib/libgomp-a34b3233.so.1", "libgomp.so.1", None),
        ("/x/pillow.libs/libjpeg-1babad03.so.62.4.0", "libjpeg.so.62", "62.4.0"),
        ("/x/numpy.libs/libscipy_openblas64_-32a4b2a6.so", "libscipy_openblas64_.so", None),
        ("/x/libtorch_cpu.so", "libtorch_cpu.so", None),
        ("/x/nvidia/cudnn/lib/libcudnn.so.9", "libcudnn.so.9", None),
        ("/x/nvidia/cublas/lib/libcublasLt.so.12", "libcublasLt.so.12", None),
        ("/x/nvidia/nvjitlink/lib/libnvJitLink.so.12", "libnvJitLink.so.12", None),
        ("/opt/x/libnccl-net.so", "libnccl-net.so", None),
        ("/opt/amazon/ofi/lib/libnccl-net-ofi.so", "libnccl-net-ofi.so", None),
        ("/opt/rocm/lib/libhsa-runtime64.so.1.12.0", "libhsa-runtime64.so.1", "1.12.0"),
        ("/opt/rocm/lib/libamdhip64.so.6.0.60000", "libamdhip64.so.6", "6.0.60000"),
        ("/usr/lib/libtbb.so.12.8", "libtbb.so.12", "12.8"),
    ],
)
def test_libraries_are_named_by_what_programs_ask_for(
    path: str, name: str, version: str | None
) -> None:
    import re

    assert re.match(mapped.RELEVANT, os.path.basename(path))
    assert mapped.soname(path) == name
    assert mapped.file_version(path) == version


def test_libraries_on_the_disk_are_found(envsnap: Run, tmp_path: Path) -> None:
    """FAKE: empty files under the names of libraries that are not installed here."""
    names = ("libcublasLt.so.12", "libnvJitLink.so.12", "libnvrtc.so.12", "libcusparse.so.12",
             "libcusolver.so.11", "libnccl-net-ofi.so", "libamdhip64.so.6", "libiomp5.so",
             "libgomp-a34b3233.so.1", "libtbb.so.12")  # fmt: skip
    for name in (*names, "libcudadebugger.so.1", "libunrelated.so.1"):
        (tmp_path / name).write_bytes(b"")
    found = captured(envsnap, tmp_path, env={"LD_LIBRARY_PATH": str(tmp_path)}).cuda.on_disk
    here = {Path(library.path).name for library in found.values() if str(tmp_path) in library.path}
    assert here == set(names)


def test_two_copies_of_one_library_are_two(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "libopenblas.so.0").write_bytes(b"")
    maps = tmp_path / "maps"
    maps.write_text("".join(
        f"7f00-7f01 r-xp 00000000 08:01 1  {tmp_path / folder / 'libopenblas.so.0'}\n" for folder in "ba"
    ))  # fmt: skip
    found = mapped.libraries(str(maps))
    assert {name: facts["path"][-18:-17] for name, facts in found.items()} == {
        "libopenblas.so.0": "a", "libopenblas.so.0#2": "b"}  # fmt: skip


TOOLS = {
    "tritonserver": ("echo 2.29.0", "2.29.0"),
    "nvcc": ("echo 'Cuda compilation tools, release 12.4, V12.4.131'", "12.4.131"),
    "trtexec": ("echo '&&&& RUNNING TensorRT.trtexec [TensorRT v8601]' >&2; exit 1", "8601"),
}


def test_tools_say_their_versions(envsnap: Run, tmp_path: Path) -> None:
    """FAKE: shell scripts stand for tools that are not installed here."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, (body, _) in TOOLS.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    sections = captured(envsnap, tmp_path, env={"PATH": f"{folder}:/usr/bin:/bin"})
    found = {name: sections.tools.entries[name].version for name in TOOLS}
    assert found == {name: version for name, (_, version) in TOOLS.items()}
    assert sections.cuda.toolkit == "12.4.131"


def test_a_tool_in_the_current_folder_is_not_run(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "nvcc").write_text(f"#!/bin/sh\ntouch {tmp_path / 'run'}\n")
    (tmp_path / "nvcc").chmod(0o755)
    captured(envsnap, tmp_path, cwd=tmp_path, env={"PATH": f".:{os.environ['PATH']}"})
    assert not (tmp_path / "run").exists()


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody."""
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.invalid"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_repository_around(envsnap: Run, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    inner = repository / "package"
    inner.mkdir(parents=True)
    git(repository, "init", "-q", "-b", "main")
    (inner / "code.py").write_text("one = 1\n")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "first")
    commit = git(repository, "rev-parse", "HEAD")
    facts = captured(envsnap, tmp_path, cwd=inner).git
    assert (facts.commit, facts.dirty, facts.branch) == (commit, False, "main")
    (inner / "code.py").write_text("one = 2\n")
    assert captured(envsnap, tmp_path, cwd=inner).git.dirty is True
    git(repository, "pack-refs", "--all")
    assert captured(envsnap, tmp_path, cwd=inner).git.commit == commit
    git(repository, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    facts = captured(envsnap, tmp_path, cwd=tmp_path / "tree").git
    assert (facts.commit, facts.branch, facts.dirty) == (commit, "other", False)
    git(repository, "checkout", "-q", "--detach", "--force")
    facts = captured(envsnap, tmp_path, cwd=inner).git
    assert (facts.commit, facts.dirty) == (commit, False)


def test_without_a_repository_there_is_no_section(envsnap: Run, tmp_path: Path) -> None:
    from msgspec import UNSET

    folder = tmp_path / "plain"
    folder.mkdir()
    assert captured(envsnap, tmp_path, cwd=folder).git is UNSET


def test_progress_is_shown_on_a_terminal_only(envsnap: Run, tmp_path: Path) -> None:
    import pty

    from tests.conftest import COMMAND

    (tmp_path / "w.bin").write_bytes(os.urandom(40 << 20))
    quiet = envsnap("capture", "--no-import", "--weights", "w.bin", "-o", "quiet.json")
    assert "hashing" not in quiet.stderr
    pid, descriptor = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.environ["XDG_CACHE_HOME"] = str(tmp_path / "another")
        os.execv(
            COMMAND, [COMMAND, "capture", "--no-import", "--weights", "w.bin", "-o", "it.json"]
        )
    output = b""
    while True:
        try:
            piece = os.read(descriptor, 65536)
        except OSError:
            break
        if not piece:
            break
        output += piece
    os.waitpid(pid, 0)
    assert b"hashing files [" in output
    assert b"100 %" in output
