"""What a command does stays in its trial, and what is interrupted is taken up again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from envsnap.bisection.places import HOMES
from envsnap.bisection.result import PROVEN, UNKNOWN
from envsnap.errors import InputError
from tests.bisection.world import IMPORTS, World, culprits, left_over
from tests.conftest import COMMAND

HOSTILE = """
import os, subprocess, sys
for module in (trial_01, trial_05):
    with open(module.__file__, "a") as stream: stream.write("value = 3\\n")
    cached = module.__cached__
    if os.path.exists(cached):
        with open(cached, "r+b") as stream: stream.write(b"garbage")
site = os.path.dirname(trial_01.__file__)
open(os.path.join(site, "planted.pth"), "w").write("import sys; sys.planted = 1\\n")
assert not hasattr(sys, "planted"), "another trial's file was run"
home = os.path.expanduser("~")
assert os.listdir(os.path.join(home)) == [".cache", ".config", ".local"] or not os.path.exists(
    os.path.join(home, "full")
), "another trial's home"
open(os.path.join(home, "full"), "wb").write(b"x" * 5_000_000)
open("written-by-a-trial", "w").write("x")
subprocess.Popen(["sleep", "600"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp("sleep", ["sleep", "600"])
    os._exit(0)
sys.exit(trial_09.value == 2)
"""
SLOW = "import sys, time\ntime.sleep(0.2)\nsys.exit(trial_09.value == 2)\n"


def sleeping() -> int:
    """How many of the hostile command's processes run."""
    found = 0
    for name in os.listdir("/proc"):
        try:
            found += Path(f"/proc/{name}/cmdline").read_bytes() == b"sleep\x00600\x00"
        except OSError:
            continue
    return found


def test_a_hostile_command_harms_nothing_outside_its_trial(world: World) -> None:
    before = sleeping()
    found = world.bisect(HOSTILE)
    assert culprits(found) == [["packages.trial-09"]]
    assert found.outcome == PROVEN
    assert sleeping() == before
    assert left_over() == []
    assert sorted(os.listdir()) == ["a-manifest.json", "b-manifest.json", "main.py"]
    told = " ".join(found.notes)
    assert "changed files of its environment" in told
    assert "processes running" in told
    # What it wrote through its links is in no environment that is made from then on.
    after = world.bisect("import sys\nsys.exit(trial_01.value == 2 or trial_01.value == 3)\n")
    assert culprits(after) == [["packages.trial-01"]]
    sessions = Path(os.environ["XDG_CACHE_HOME"], "envsnap", "bisect", "sessions")
    assert list(sessions.iterdir()) == []


def test_trials_do_not_share_a_home(world: World) -> None:
    program = (
        "import os, sys\n"
        "path = os.path.join(os.environ['XDG_CACHE_HOME'], 'kept.txt')\n"
        "if not os.path.exists(path): open(path, 'w').write(str(trial_04.value))\n"
        "sys.exit(open(path).read() == '2')\n"
    )
    assert culprits(world.bisect(program)) == [["packages.trial-04"]]


def test_secrets_stay_out_of_the_log(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_API_KEY", "q7Zx-very-secret-91")
    program = "import os, sys\nprint('key', os.environ['SERVICE_API_KEY'])\nsys.exit(trial_00.value == 2)\n"
    words = ("python", "main.py", "--token", "aB3-another-secret", "--url=https://me:pw77x@h/")
    found = world.bisect(program, command=words)
    assert found.log is not None
    assert "another-secret" not in Path(found.log).read_text() + "".join(found.command)
    assert "pw77x" not in Path(found.log).read_text() + "".join(found.command)
    assert "very-secret" not in Path(found.log).read_text()
    assert found.good_end is not None
    assert "<redacted by envsnap>" in found.good_end.stdout
    assert os.stat(found.log).st_mode & 0o077 == 0


def test_variables_of_the_shell_are_no_part_of_a_trial(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")  # a manifest would state it, and none does
    monkeypatch.setenv("SOME_SETTING", "kept")
    program = (
        "import os, sys\n"
        "assert 'OMP_NUM_THREADS' not in os.environ and os.environ['SOME_SETTING'] == 'kept'\n"
        "sys.exit(trial_02.value == 2)\n"
    )
    assert culprits(world.bisect(program)) == [["packages.trial-02"]]


def test_in_place_runs_in_the_folder_itself(world: World) -> None:
    program = "import sys\nopen('here', 'a').write('x')\nsys.exit(trial_00.value == 2)\n"
    found = world.bisect(program, in_place=True)
    assert culprits(found) == [["packages.trial-00"]]
    assert found.cost is not None
    assert len(Path("here").read_text()) == found.cost.runs


def command(world: World, *more: str) -> list[str]:
    """The command line of a bisection."""
    return [
        COMMAND, "bisect", "a-manifest.json", "b-manifest.json", "--yes", "--format", "json",
        "--find-links", str(world.wheels), *more, "--", "python", "main.py",
    ]  # fmt: skip


@pytest.mark.parametrize("times", [2, pytest.param(10, marks=pytest.mark.full)])
def test_killed_at_random_moments_and_resumed_it_finds_the_same(world: World, times: int) -> None:
    world.manifests()
    Path("main.py").write_text(IMPORTS + SLOW)
    began = time.monotonic()
    whole = subprocess.run(command(world), capture_output=True, text=True, check=True)
    wanted, lasts = json.loads(whole.stdout), time.monotonic() - began
    moments = [Random(number).uniform(0, 0.8) * lasts for number in range(times)]
    for number, moment in enumerate(moments):
        resumed = ["--resume"] if number else []
        process = subprocess.Popen(
            command(world, *resumed), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(moment)
        process.kill()
        process.wait()
        until = time.monotonic() + 20
        while left_over() and time.monotonic() < until:
            time.sleep(0.05)
        assert left_over() == []
    done = subprocess.run(command(world, "--resume"), capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    for key in ("outcome", "sentence", "atoms", "tried"):
        assert found[key] == wanted[key], key
    assert found["causes"][0]["culprits"] == wanted["causes"][0]["culprits"]
    sessions = Path(os.environ["XDG_CACHE_HOME"], "envsnap", "bisect", "sessions")
    assert list(sessions.iterdir()) == []


def test_signals_reach_what_a_trial_starts(world: World) -> None:
    """A worker that is terminated ends, as it does outside; what is ignored is inherited."""
    found = world.bisect(
        "import multiprocessing, signal, sys, time\n"
        "ends = [signal.getsignal(item) for item in (signal.SIGTERM, signal.SIGHUP)]\n"
        "worker = multiprocessing.get_context('fork').Process(target=time.sleep, args=(60,))\n"
        "worker.start()\nworker.terminate()\nworker.join(20)\n"
        "if worker.is_alive() or set(ends) != {signal.SIG_DFL}: sys.exit(9)\n"
        "sys.exit(trial_00.value == 2)\n"
    )
    assert culprits(found) == [["packages.trial-00"]]


def test_nothing_is_proven_of_files_that_two_distributions_install(world: World) -> None:
    """The captured side may have had the other one's file; what is rebuilt has whichever came last."""
    good, bad = world.manifests()
    packages = bad.sections.packages
    claimed = {"trial_00": ("trial-00", "trial-01")}
    shared = replace(bad, sections=replace(bad.sections, packages=replace(packages, claimed_twice=claimed)))  # fmt: skip
    program = "import sys\nsys.exit(trial_00.value == 2)\n"
    assert world.bisect(program, (good, bad)).outcome == PROVEN
    found = world.bisect(program, (good, shared))
    assert (found.outcome, found.exit_code) == (UNKNOWN, 6)
    assert "trial-00 installs files that another distribution installs, too" in found.sentence


def test_a_log_in_the_place_of_a_manifest_is_refused(world: World) -> None:
    world.manifests()
    kept = Path("b-manifest.json").read_bytes()
    done = subprocess.run(
        command(world, "--log", "b-manifest.json"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "b-manifest.json: is named as an input, too" in done.stderr
    assert Path("b-manifest.json").read_bytes() == kept


def test_an_interrupt_ends_everything_and_keeps_the_log(world: World) -> None:
    world.manifests()
    Path("main.py").write_text(IMPORTS + "import time\ntime.sleep(60)\n")
    process = subprocess.Popen(command(world), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    until = time.monotonic() + 60
    while not left_over() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"--resume" in told
    assert left_over() == []


def test_a_log_of_another_bisection_is_refused(world: World) -> None:
    world.bisect("import sys\nsys.exit(trial_00.value == 2)\n", log="trials.jsonl")
    with pytest.raises(InputError, match="another bisection"):
        world.bisect("", command=("python", "-c", "pass"), log="trials.jsonl", resume=True)


def test_a_log_of_another_script_is_refused(world: World) -> None:
    """The runs that it holds tested something else."""
    world.bisect("import sys\nsys.exit(trial_00.value == 2)\n", log="trials.jsonl")
    with pytest.raises(InputError, match="a script that it runs"):
        world.bisect("import sys\nsys.exit(0)\n", log="trials.jsonl", resume=True)


def test_a_cut_line_of_a_log_is_no_line(world: World) -> None:
    program = "import sys\nsys.exit(trial_00.value == 2)\n"
    first = world.bisect(program, log="trials.jsonl")
    data = Path("trials.jsonl").read_bytes()
    Path("trials.jsonl").write_bytes(data[:-30])
    again = world.bisect(program, log="trials.jsonl", resume=True)
    assert again.tried == first.tried
    assert Path("trials.jsonl").read_bytes().count(b"\n") == data.count(b"\n")


def test_every_folder_of_a_trial_is_its_own_and_empty(world: World) -> None:
    program = f"""
import json, os, sys
names = {sorted(HOMES)!r}
trial = os.path.dirname(os.path.realpath("."))
for name in names:
    assert os.path.realpath(os.environ[name]).startswith(trial + os.sep), name
    found = [inner for _, _, files in os.walk(os.environ[name]) for inner in files]
    assert not found, (name, found)
    open(os.path.join(os.environ[name], "left-by-a-trial"), "w").close()
    os.unlink(os.path.join(os.environ[name], "left-by-a-trial"))
open(os.path.join(os.environ["HF_HOME"], "left"), "w").close()
open(os.path.join(os.environ["TORCH_HOME"], "left"), "w").close()
open("left", "w").close()
sys.exit(trial_06.value == 2)
"""
    assert culprits(world.bisect(program)) == [["packages.trial-06"]]
    assert not Path("left").exists()


def test_uv_of_the_user_is_neither_read_nor_written(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    monkeypatch.setenv("UV_CACHE_DIR", str(theirs))
    monkeypatch.setenv("UV_CONSTRAINT", str(tmp_path / "there-is-none.txt"))
    monkeypatch.setenv("UV_NO_BINARY", "1")
    monkeypatch.setenv("UV_CONFIG_FILE", str(tmp_path / "uv.toml"))
    (tmp_path / "uv.toml").write_text("this is no configuration\n")
    Path("uv.toml").write_text("nor is this\n")
    program = "import sys\nsys.exit(trial_08.value == 2)\n"
    assert culprits(world.bisect(program)) == [["packages.trial-08"]]
    assert list(theirs.iterdir()) == []
