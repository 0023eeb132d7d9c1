"""`envsnap run` on unmodified scripts: nothing of theirs changes, and the manifest says what ran."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from envsnap.model import codec
from tests.conftest import COMMAND, Run, interpreter

THREE = """
import json, pickle, random, sys
print(json.load(open("settings.json"))["size"], random.random() < 2)
pickle.load(open("model.pkl", "rb"))
open("input.txt").read()
open("result.txt", "w").write("made")
"""


def project(folder: Path) -> Path:
    """A folder with a config, weights and data."""
    import pickle

    folder.mkdir()
    (folder / "settings.json").write_text('{"size": 3, "api_key": "hunter2-hunter2"}')
    (folder / "model.pkl").write_bytes(pickle.dumps([1, 2, 3]))
    (folder / "input.txt").write_text("data")
    (folder / "unused.txt").write_text("nobody opens this")
    return folder


def test_files_are_classed_and_described(run, tmp_path: Path) -> None:
    folder = project(tmp_path / "project")
    found = run(THREE)
    assert (found.code, found.stdout) == (0, "3 True\n")
    assert found.names("configs") == {"settings.json"}
    assert found.names("weights") == {"model.pkl"}
    assert found.names("files") == {"input.txt"}
    for section, name in (
        ("configs", "settings.json"),
        ("weights", "model.pkl"),
        ("files", "input.txt"),
    ):
        entry = found.sections[section]["entries"][name]
        assert entry["sha256"] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
        assert entry["seen_by"] == ["audit", "inotify"]
        assert found.sections[section]["complete"] is True
    config = found.sections["configs"]
    assert config["entries"]["settings.json"]["tree"] == {"size": 3}
    assert list(config["gaps"]) == ['["settings.json"].api_key']
    groups = found.sections["files"]["groups"]
    assert groups["code"]["files"] == 1
    assert groups["library"]["files"] > 3  # a distribution's Python reads fewer at its start
    assert found.sections["process"]["exit_code"] == 0
    assert found.sections["process"]["observed"] == 1
    assert found.manifest["target"] == {"kind": "run", "name": "python script.py"}
    assert b"hunter2" not in (tmp_path / "run.json").read_bytes()


def test_the_manifest_is_that_of_the_process(run, tmp_path: Path) -> None:
    """Its environment as it was without us, its packages, its own changes."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    found = run(
        "import os; os.environ['OMP_NUM_THREADS'] = '3'",
        options=("--label", "dev", "--env", "CUSTOM_WORD"),
        env={"PYTHONPATH": str(theirs), "CUSTOM_WORD": "seen"},
    )
    text = (tmp_path / "run.json").read_text()
    assert found.manifest["label"] == "dev"
    assert found.sections["env_vars"]["entries"]["OMP_NUM_THREADS"] == "3"
    assert found.sections["env_vars"]["entries"]["CUSTOM_WORD"] == "seen"
    assert found.sections["python"]["executable"] == sys.executable
    assert "msgspec" in found.sections["packages"]["entries"]
    assert "observe/site" not in text
    assert "ENVSNAP_RUN" not in text
    codec.decode(text.encode(), "run.json")


NOISE = """
import os, random, sys
random.seed(3)
sys.stdout.buffer.write(bytes(range(256)) * 100)
sys.stdout.flush()
print(sys.argv[1:], random.random(), sys.path, sys.flags, sorted(sys.modules)[:0], file=sys.stderr)
print(hash("a"), os.getcwd(), sys.stdin.read(), file=sys.stderr)
open("out.bin", "wb").write(random.randbytes(1000))
sys.exit(7)
"""


def test_outputs_are_the_same_bits(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(NOISE)
    environment = {**os.environ, "PYTHONHASHSEED": "1", "XDG_CACHE_HOME": str(tmp_path / "c")}
    results = []
    for prefix in ([], [COMMAND, "run", "-o", "run.json", "--"]):
        done = subprocess.run(
            [*prefix, sys.executable, script, "a b", "--flag", "-o", "x"],
            input=b"in\0put",
            capture_output=True,
            cwd=tmp_path,
            env=environment,
            check=False,
        )
        said = [line for line in done.stderr.splitlines() if not line.startswith(b"envsnap: ")]
        written = (tmp_path / "out.bin").read_bytes()
        results.append((done.returncode, done.stdout, said, written))
    assert results[0] == results[1]
    assert results[0][0] == 7


@pytest.mark.parametrize(
    ("command", "code", "word"),
    [(["no-such-command-here"], 127, "no such command"), (["/etc/passwd"], 126, "cannot be run")],
)
def test_own_failures(
    command: list[str], code: int, word: str, envsnap: Run, tmp_path: Path
) -> None:
    done = envsnap("run", "-o", "run.json", "--", *command)
    assert done.returncode == code
    assert word in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "run.json").exists()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["-o", "missing/run.json"], "folder to write into does not exist"),
        (["-o", "r.json", "--watch", "gone"], "gone"),
    ],
)
def test_what_cannot_be_is_refused_before_the_command_runs(
    options: list[str], word: str, envsnap: Run, tmp_path: Path
) -> None:
    done = envsnap("run", *options, "--", "touch", "ran")
    assert done.returncode == 2
    assert word in done.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("raise SystemExit(3)", 3),
        ("1/0", 1),
        ("import os; os._exit(9)", 9),
        ("import os; os.kill(os.getpid(), 15)", 128 + signal.SIGTERM),
        ("import ctypes; ctypes.string_at(0)", 128 + signal.SIGSEGV),
    ],
)
def test_the_exit_code_is_the_command_s(script: str, code: int, run) -> None:
    found = run(script)
    assert found.code == code
    assert found.sections["process"]["exit_code"] == code


def test_a_program_that_leaves_by_os_exit_has_told_all(run) -> None:
    """Threads that would not end make programs leave so; their forks always do."""
    found = run(
        "import os, random\nrandom.seed(5)\n"
        "child = os.fork()\nif not child:\n    os._exit(0)\nos.waitpid(child, 0)\nos._exit(3)"
    )
    assert found.code == 3
    assert found.values("random.seed") == ["5"]
    assert found.sections["seeds"]["complete"] is True
    assert found.sections["process"]["observed"] == 1


def test_a_process_that_is_killed_has_told_until_then(run, tmp_path: Path) -> None:
    project(tmp_path / "project")
    found = run("import random; random.seed(5)\n" + THREE + "\nimport os\nos.kill(os.getpid(), 9)")
    assert found.code == 128 + 9
    assert found.names("weights") == {"model.pkl"}
    assert found.names("configs") == {"settings.json"}
    assert found.values("random.seed") == ["5"]
    for section in ("files", "weights", "configs", "seeds", "process"):
        assert found.sections[section]["complete"] is False, section
        assert "did not end in order" in found.sections[section]["gaps"]["observed[0]"]
    assert found.sections["python"]["complete"] is True  # asked of its interpreter afterwards
    assert "did not end in order" in found.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["sh", "-c", "cat input.txt"],
        [sys.executable, "-I", "-c", "print(open('input.txt').read(), end='')"],
        [sys.executable, "-E", "-c", "print(open('input.txt').read(), end='')"],
        [sys.executable, "-S", "-c", "print(open('input.txt').read(), end='')"],
    ],
)
def test_what_cannot_be_looked_into_is_said(command: list[str], run, tmp_path: Path) -> None:
    """The folders are watched all the same."""
    project(tmp_path / "project")
    found = run(command=command)
    assert (found.code, found.stdout) == (0, "data")
    assert "no Python process could be looked into" in found.stderr
    assert found.sections["files"]["complete"] is False
    assert found.seen_by("files", "input.txt") == ["inotify"]
    assert found.names("files") == {"input.txt"}


@pytest.mark.interpreters
@pytest.mark.parametrize("version", ["3.7", "3.8", "3.10", "3.12", "3.13"])
def test_other_pythons(version: str, run) -> None:
    """Nothing of ours is installed there; before 3.8 only folders are watched."""
    found = run(
        "import multiprocessing as mp, random\n"
        "def work(n): random.seed(n)\n"
        "if __name__ == '__main__':\n"
        "    open('script.py').read(); open('out.txt', 'w').close(); random.seed(2)\n"
        "    for kind in ('fork', 'spawn'):\n"
        "        p = mp.get_context(kind).Process(target=work, args=(5,)); p.start(); p.join()\n",
        python=interpreter(version),
    )
    assert found.code == 0, found.stderr
    assert found.sections["python"]["version"].startswith(f"{version}.")
    seen = version != "3.7"
    assert found.sections["files"]["complete"] is seen
    if seen:
        assert found.values("random.seed") == ["2"]
        assert sorted(map(str, found.sections["seeds"]["calls"].values())).count(
            "{'values': ['5'], 'places': ['script.py:2']}"
        ) == 2  # fmt: skip


@pytest.mark.interpreters
def test_a_python_that_is_too_old_to_be_described(run, tmp_path: Path) -> None:
    """It runs as it would, its own sitecustomize, too."""
    folder = tmp_path / "site"
    folder.mkdir()
    theirs = "import sys\nif sys.version_info[0] == 2: sys.stdout.write('theirs\\n')\n"
    (folder / "sitecustomize.py").write_text(theirs)
    found = run("print(1)", python=interpreter("2.7"), env={"PYTHONPATH": str(folder)})
    assert (found.code, found.stdout) == (0, "theirs\n1\n")
    assert [line for line in found.stderr.splitlines() if not line.startswith("envsnap: ")] == []
    assert found.sections["process"]["observed"] == 0


def test_a_run_that_is_told_to_end(tmp_path: Path) -> None:
    """The command gets the signal, and the manifest is written."""
    (tmp_path / "script.py").write_text(
        "import random, time\nrandom.seed(3)\nprint('up', flush=True)\ntime.sleep(60)\n"
    )
    command = [COMMAND, "run", "-o", "run.json", "--", sys.executable, "script.py"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM
    seeds = json.loads((tmp_path / "run.json").read_bytes())["sections"]["seeds"]
    assert seeds["calls"]["random.seed"]["values"] == ["3"]
    assert seeds["complete"] is False


def test_a_child_that_is_cut_off_is_named(run) -> None:
    found = run(
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-I', '-c', 'pass'])\n"
        "subprocess.run([sys.executable, '-c', 'pass'], env={})\n"
    )
    assert "could not be looked into" in found.stderr
    assert "(-I)" in found.stderr
    assert "another environment" in found.stderr
    assert found.sections["files"]["complete"] is False


def test_sitecustomize_and_usercustomize_still_run(run, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    for name in ("sitecustomize", "usercustomize"):
        (folder / f"{name}.py").write_text(f"import sys\nsys.{name} = __name__, __file__\n")
    base = tmp_path / "base"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(base)], check=True)
    found = run(
        "import sys, sitecustomize, site\n"
        "print(sys.sitecustomize, sitecustomize.__file__)\n"
        "if site.ENABLE_USER_SITE: print(sys.usercustomize)\n"
        "assert not any('observe' in entry for entry in sys.path)\n",
        env={"PYTHONPATH": str(folder)},
    )
    theirs = str(folder / "sitecustomize.py")
    assert found.stdout.splitlines()[0] == f"{('sitecustomize', theirs)} {theirs}"
    assert found.sections["python"]["startup_code"]["sitecustomize.py"]


def test_two_runs_in_different_folders_compare(envsnap: Run, tmp_path: Path) -> None:
    for name, size in (("one", 3), ("two", 4)):
        folder = project(tmp_path / name)
        (folder / "settings.json").write_text(json.dumps({"size": size}))
        (folder / "script.py").write_text(THREE + f"random.seed({size})\n" * (name == "one"))
        done = envsnap(
            "run", "-o", tmp_path / f"{name}.json", "--", sys.executable, "script.py", cwd=folder
        )
        assert done.returncode == 0
    shown = envsnap("diff", tmp_path / "one.json", tmp_path / "two.json", "--format", "json")
    (compared,) = json.loads(shown.stdout)["results"]
    paths = {finding["path"] for finding in compared["findings"]}
    assert {'configs["settings.json"].size', "files.groups.code.sha256"} <= paths
    assert "seeds.generators.random.seeded" in paths
    assert not [path for path in paths if path.startswith(("weights", "process"))]
    same = envsnap("diff", tmp_path / "one.json", tmp_path / "one.json", "--format", "json")
    assert same.returncode == 0
