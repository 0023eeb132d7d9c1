"""Scripts that do what scripts should not: they go on as they would, and the manifest is written."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from envsnap.model import codec


def alone(script: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """The script as it runs without envsnap."""
    folder.mkdir(exist_ok=True)
    (folder / "script.py").write_text(script)
    return subprocess.run(
        [sys.executable, "script.py"], cwd=folder, capture_output=True, check=False
    )


SCRIPTS = {
    "closes every descriptor": (
        "import os, sys\nsys.stdout.flush(); os.closerange(3, 256)\n"
        "a = open('a.bin', 'wb'); b = open('b.bin', 'wb')\n"
        "for n in range(300):\n"
        "    open('settings.yaml').read(); a.write(b'x'); b.write(b'y')\n"
        "a.close(); b.close(); print(open('a.bin', 'rb').read() == b'x' * 300,"
        " open('b.bin', 'rb').read() == b'y' * 300)\n"
    ),
    "leaves its folder": (
        "import os\nopen('settings.yaml').read(); os.mkdir('/tmp/envsnap-%d' % os.getpid())\n"
        "os.chdir('/tmp/envsnap-%d' % os.getpid())\nos.rmdir(os.getcwd())\n"
        "try: open('nothing')\n"
        "except OSError as error: print(error)\n"
    ),
    "has an audit hook": (
        "import sys\nseen = []\nsys.addaudithook(lambda event, args: seen.append(event))\n"
        "open('settings.yaml').read(); print('open' in seen)\n"
    ),
    "has an audit hook that refuses": (
        "import sys\n"
        "def hook(event, args):\n"
        "    if event == 'open' and 'settings' in str(args[0]): raise PermissionError('no')\n"
        "sys.addaudithook(hook)\n"
        "try: open('settings.yaml')\n"
        "except PermissionError as error: print(error)\n"
    ),
    "forks a lot": (
        "import os\n"
        "for n in range(200):\n"
        "    if os.fork() == 0: os._exit(n % 2)\n"
        "print(sum(os.wait()[1] >> 8 for n in range(200)))\n"
    ),
    "recurses": (
        "import sys\nsys.setrecursionlimit(200)\n"
        "def down(n):\n"
        "    try: return down(n + 1)\n"
        "    except RecursionError: open('settings.yaml').read(); return True\n"
        "print(down(0))\n"
    ),
    "has threads": (
        "import threading\n"
        "def work(n):\n"
        "    for i in range(50): open(f'{n}-{i}.out', 'w').close(); open(f'{n}-{i}.out').read()\n"
        "threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]; print('done')\n"
    ),
    "takes modules away": (
        "import sys, os\nopen('settings.yaml').read()\n"
        "for name in list(sys.modules):\n"
        "    if name.startswith('envsnap'): del sys.modules[name]\n"
        "sys.meta_path.clear(); print('done')\n"
    ),
    "fails at its end": (
        "import atexit, sys\natexit.register(lambda: 1 / 0)\nprint('done'); sys.stdout.flush()\n"
    ),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_script_goes_on_as_it_would(name: str, run, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "settings.yaml").write_text("a: 1")
    before = alone(SCRIPTS[name], folder)
    found = run(SCRIPTS[name])
    assert found.stdout == before.stdout.decode()
    assert found.code == before.returncode
    if "settings" in SCRIPTS[name]:
        assert "settings.yaml" in found.names("configs")


def test_names_that_are_no_text(run, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    names = [b"new\nline.txt", b"bad-\xff.txt", "tür.txt".encode(), b'quo"te.txt', b"tab\t.txt"]
    for name in names:
        Path(os.fsdecode(bytes(folder) + b"/" + name)).write_text(os.fsdecode(b"x"))
    found = run(f"for name in {names!r}: open(name).read()")
    assert found.names("files") == {
        "new\nline.txt", "bad-\\xff.txt", "tür.txt", 'quo"te.txt', "tab\t.txt",
    }  # fmt: skip
    assert all("audit" in found.seen_by("files", name) for name in found.names("files"))
    codec.decode((tmp_path / "run.json").read_bytes(), "run.json")


def test_ten_thousand_files(run, tmp_path: Path) -> None:
    """Most of them are counted, and still compared."""
    folder = tmp_path / "project" / "data"
    folder.mkdir(parents=True)
    for number in range(10_000):
        (folder / f"{number:05}.txt").write_text("x" * (number % 7))
    script = "import os\nfor n in sorted(os.listdir('data')): open('data/' + n).read()\n"
    found = run(script)
    files = found.sections["files"]
    assert len(files["entries"]) == 200
    assert files["groups"]["data"]["files"] == 9_800
    assert len(str(files)) < 100_000
    first = files["groups"]["data"]["sha256"]
    (folder / "07777.txt").write_text("longer than before")
    again = run(script).sections["files"]["groups"]["data"]
    assert again["files"] == 9_800
    assert again["sha256"] != first


def test_files_that_are_gone_or_changed(run, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "gone.pt").write_bytes(b"\x80\x02.")
    (folder / "changed.pkl").write_bytes(b"\x80\x02.")
    found = run(
        "import os\n"
        "open('gone.pt', 'rb').read(); os.remove('gone.pt')\n"
        "open('changed.pkl', 'rb').read(); open('changed.pkl', 'wb').write(b'other bytes')\n"
        "open('never-there.pt', 'rb') if os.path.exists('never-there.pt') else None\n"
    )
    assert found.names("weights") == {"gone.pt", "changed.pkl"}
    before = hashlib.sha256(b"\x80\x02.").hexdigest()
    entries = found.sections["weights"]["entries"]
    assert [entries[name]["sha256"] for name in ("gone.pt", "changed.pkl")] == [before] * 2


def test_secrets_in_configs_and_arguments(run, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / ".env").write_text("DB_PASSWORD=hunter2-hunter2\nLEVEL=3\n")
    (folder / "app.yaml").write_text("api_key: sk-hunter2hunter2hunter2hunter2\nsize: 1\n")
    run("open('.env').read(); open('app.yaml').read()\n", "--password=hunter2-hunter2")
    assert b"hunter2" not in (tmp_path / "run.json").read_bytes()


def test_a_forged_journal_is_no_way_in(run) -> None:
    """A script could write where its record lies; that costs completeness, nothing else."""
    found = run(
        "import glob, os\n"
        "place = os.path.dirname(os.environ['ENVSNAP_RUN'])\n"
        "folder = glob.glob(place + '/processes/*')[0]\n"
        "open(folder + '/journal.07', 'w').write('[1]\\n{}\\n[\"start\"]\\n[\"read\"]\\n' + '[' * 9999)\n"
        "os.symlink('/etc/passwd', folder + '/journal.08')\n"
    )
    assert found.code == 0
    assert found.sections["files"]["complete"] is False
