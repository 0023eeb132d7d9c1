"""Targets that lie, hang and flood, as interpreters of this machine; ssh and containers read alike."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from envsnap.targets import descendants, known_weights
from tests.conftest import COMMAND, Run

MARKER = "import re, sys\nsaid = sys.stdin.read()\nmarker = re.search(r'marker.{0,4}: .{0,4}?([0-9a-f]{32})', said).group(1)\n"
BEGUN = (
    MARKER
    + "out = lambda text: (sys.stdout.write(text), sys.stdout.flush())\nout('envsnap-%s-begin\\n' % marker)\n"
)
FACTS = 'facts {"probe": 1, "sections": {}}\\n'


def liar(folder: Path, code: str) -> str:
    """A program that is called like an interpreter and does as it likes."""
    path = folder / "python"
    path.write_text(f"#!{sys.executable}\n{code}")
    path.chmod(0o755)
    return str(path)


# A process begins with the peak of the one that forked it, so a small one runs the command.
MEASURED = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, timeout=60).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)
"""


def ended(folder: Path, *arguments: str) -> tuple[int, str, int]:
    """A command's exit code, its standard error, and the most memory that it had, in MiB."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", MEASURED, COMMAND, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    code, memory = map(int, done.stdout.split())
    return code, done.stderr, memory


FLOODS = {
    "lines": "import sys\nwhile True: sys.stdout.write('x\\n' * 30000)\n",
    "one line": "import sys\nwhile True: sys.stdout.write('x' * 65536)\n",
    "an answer": BEGUN + "while True: out('facts ' + 'x' * 100000 + '\\n')\n",
    "an answer of one line": BEGUN + "out('facts ')\nwhile True: out('x' * 100000)\n",
    "progress": BEGUN + f"out('{FACTS}')\nwhile True: out('progress [1, 2]\\n' * 5000)\n",
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_ends_within_the_cap(kind: str, tmp_path: Path) -> None:
    python = liar(tmp_path, FLOODS[kind])
    code, said, memory = ended(
        tmp_path, "capture", "--python", python, "--deadline", "20", "-o", "it.json"
    )
    assert code == 3, said
    assert "said more than" in said or "malformed" in said or "in time" in said
    assert not (tmp_path / "it.json").exists()
    assert memory < 600


DRIPS = {
    "nothing": "import time\ntime.sleep(600)\n",
    "banners": "import sys, time\nwhile True:\n    print('x', flush=True)\n    time.sleep(0.05)\n",
    "facts again and again": BEGUN
    + f"import time\nwhile True:\n    out('{FACTS}')\n    time.sleep(0.2)\n",
    "nothing, as one that is stopped": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n",
    "nothing, deaf to signals": "import signal, time\nfor number in (1, 2, 3, 13, 15): signal.signal(number, signal.SIG_IGN)\ntime.sleep(600)\n",
    "its errors for ever": "import sys\nwhile True: sys.stderr.write('x' * 65536)\n",
    "progress for ever": BEGUN
    + f"import time\nout('{FACTS}')\nn = 0\nwhile True:\n    n += 1\n    out('progress [%d, 9]\\n' % n)\n    time.sleep(0.2)\n",
}


@pytest.mark.parametrize("kind", DRIPS)
def test_the_deadline_holds_whatever_is_said(kind: str, envsnap: Run, tmp_path: Path) -> None:
    started = time.monotonic()
    done = envsnap(
        "capture", "--python", liar(tmp_path, DRIPS[kind]), "--deadline", "1", timeout=60
    )
    assert done.returncode == 3, done.stderr
    assert "did not answer in time" in done.stderr
    assert time.monotonic() - started < 45  # the deadline, its grace, and a machine that is busy


# What daemons do: fork, leave the session, fork again, and let go of every pipe.
FORKED = """
import os, sys, time
said = sys.stdin.read()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open({place!r} + ".new", "w") as stream:
            stream.write(str(os.getpid()))
        os.replace({place!r} + ".new", {place!r})
        {pipes}
        time.sleep(300)
    os._exit(0)
while not os.path.exists({place!r}):
    time.sleep(0.01)
{then}
"""
LETS_GO = "for number in range(3): os.close(number)"
ONLY_LINUX = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="only Linux tells whose a process is"
)


def is_over(pid: int) -> bool:
    """Whether a process has ended, at once or within some seconds."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state in "ZX":
            return True
        time.sleep(0.1)
    return False


@ONLY_LINUX
@pytest.mark.parametrize("pipes", ["pass", LETS_GO], ids=["holds the pipes", "lets go of them"])
@pytest.mark.parametrize("then", ["os._exit(0)", "time.sleep(300)"], ids=["ends", "hangs"])
def test_what_an_interpreter_forked_and_left_does_not_outlive_the_capture(
    pipes: str, then: str, envsnap: Run, tmp_path: Path
) -> None:
    place = tmp_path / "pid"
    python = liar(tmp_path, FORKED.format(place=str(place), pipes=pipes, then=then))
    done = envsnap("capture", "--python", python, "--deadline", "2", timeout=60)
    assert done.returncode == 3, done.stderr
    assert is_over(int(place.read_text()))


@ONLY_LINUX
def test_what_start_up_code_forked_does_not_outlive_a_capture_that_succeeds(
    envsnap: Run, tmp_path: Path
) -> None:
    """The interpreter is a real one, and the mark is no fact of it."""
    place = tmp_path / "pid"
    forked = FORKED.format(place=str(place), pipes=LETS_GO, then="pass")
    body = forked.replace("said = sys.stdin.read()", "").strip().replace("\n", "\n    ")
    (tmp_path / "sitecustomize.py").write_text(
        f"import os\nif {descendants.MARK!r} in os.environ and not os.path.exists({str(place)!r}):\n    {body}\n"
    )
    done = envsnap(
        "capture", "--no-import", "--python", sys.executable, "-o", "it.json", timeout=120,
        env={"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert is_over(int(place.read_text()))
    assert descendants.MARK not in (tmp_path / "it.json").read_text()


# Forty children in one session, and one that changes its number as fast as it is looked for.
MANY = """
import os, sys, time
sys.stdin.read()
for number in range(40):
    if os.fork() == 0:
        time.sleep(300)
if os.fork() == 0:
    os.setsid()
    until = time.monotonic() + 300
    while time.monotonic() < until:
        if os.fork():
            os._exit(0)
        time.sleep(0.02)
time.sleep(300)
"""


def processes(name: str) -> list[str]:
    """The processes of this machine whose command names a file."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = place.read_bytes()
        except OSError:
            continue
        if name.encode() in command:
            found.append(place.parent.name)
    return found


@ONLY_LINUX
def test_many_children_and_one_that_forks_on_are_ended(envsnap: Run, tmp_path: Path) -> None:
    python = liar(tmp_path, MANY)
    done = envsnap("capture", "--python", python, "--deadline", "1", timeout=90)
    assert done.returncode == 3, done.stderr
    until = time.monotonic() + 20
    while processes(python) and time.monotonic() < until:
        time.sleep(0.2)
    assert processes(python) == []


FORGERIES = (
    "out('progress [a,b]\\n')", "out('progress [1]\\n')", "out('progress [1, %s]\\n' % ('9' * 50))", "out('facts {}\\n')",
    "out('facts []\\n')", "out('facts {\"probe\": 1}\\n')", "out('facts {\"probe\": 1, \"sections\": {\"python\": 5}}\\n')",
    "out('facts {\"probe\": 1, \"created_at\": \"x\", \"sections\": {}}\\n')", "out('facts ' + '[' * 100000 + '\\n')",
    "out('facts {\"probe\": 1, \"sections\": {\"packages\": {\"facts\": {\"entries\": 5}, \"gaps\": 7}}}\\n')", "out('junk\\n')",
    "out('facts {\"probe\": 9, \"sections\": {}}\\n')", "out('facts {\"probe\": 1, \"probe\": 1}\\n')", "out('\\xff\\n')",
)  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_answer_is_no_crash(forgery: str, envsnap: Run, tmp_path: Path) -> None:
    code = BEGUN + forgery + "\nout('envsnap-%s-end\\n' % marker)\n"
    done = envsnap(
        "capture", "--python", liar(tmp_path, code), "--deadline", "20", "-o", "it.json", timeout=60
    )
    assert done.returncode in (0, 3), done.stderr
    if done.returncode:
        assert [line for line in done.stderr.splitlines() if "error:" in line]
        assert not (tmp_path / "it.json").exists()


OWN_SECRETS = {
    "python": {"facts": {"version": "3.11.7", "executable": "/opt/HFTOKEN/bin/python", "prefix": "https://u:Hunter2x@h/p"}, "gaps": {"abi": "error: password=Hunter2x failed"}},
    "packages": {"facts": {"entries": {"numpy": {"version": "1.26.4", "origin": "https://joe:Hunter2x@pkgs.example/x.whl"}}}, "gaps": {}},
    "env_vars": {"facts": {"entries": {"OMP_NUM_THREADS": "8", "HF_TOKEN": "HFTOKEN", "DB_PASSWORD": "Hunter2x"}}, "gaps": {}},
    "system": {"facts": {"distribution": "HFTOKEN", "glibc": "2.36"}, "gaps": {}},
    "weights": {"facts": {"entries": {"w.bin": {"path": "s3://u:Hunter2x@b/w.bin"}}}, "gaps": {}},
    "configs": {"facts": {"entries": {"app": {"format": "yaml", "path": "/x/HFTOKEN.yaml", "text": "password: Hunter2x\nmax_tokens: 256\n"}}}, "gaps": {}},
    "seeds": {"facts": {"entries": {"torch": "HFTOKEN"}}, "gaps": {}},
    "identity": {"facts": {"hostname": "HFTOKEN"}, "gaps": {}},
}  # fmt: skip


def test_secrets_that_a_target_did_not_judge_are_left_out_here(
    envsnap: Run, tmp_path: Path
) -> None:
    token = "hf_" + "QmR4tYw8ZxB2nKc7" + "LpD5vGh9JsF3eUa1"
    sections = {name: {**said, "complete": True} for name, said in OWN_SECRETS.items()}
    said = json.dumps({"probe": 1, "sections": sections}).replace("HFTOKEN", token)
    code = f"{BEGUN}out('facts ' + {said!r} + '\\n')\nout('envsnap-%s-end\\n' % marker)\n"
    done = envsnap("capture", "--python", liar(tmp_path, code), "-o", "it.json", timeout=60)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "it.json").read_text()
    assert token not in text
    assert "Hunter2x" not in text
    found = json.loads(text)["sections"]
    assert found["python"]["version"] == "3.11.7"
    assert found["env_vars"]["entries"] == {"OMP_NUM_THREADS": "8"}
    assert found["env_vars"]["gaps"]["DB_PASSWORD"].startswith("redacted: ")
    assert found["configs"]["entries"]["app"]["tree"] == {"max_tokens": "256"}
    assert any(why.startswith("redacted: ") for why in found["system"]["gaps"].values())


def test_what_a_target_says_on_its_error_stream_loses_its_secrets(
    envsnap: Run, tmp_path: Path
) -> None:
    code = "import sys\nsys.exit('connect postgres://u:S3CRETpw@h/x password=S3CRETpw2 me:S3CRETpw3@host')\n"
    done = envsnap("capture", "--python", liar(tmp_path, code))
    assert done.returncode == 3
    assert "S3CRET" not in done.stderr
    assert "connect" in done.stderr


def test_a_file_without_a_size_is_not_read_to_no_end(envsnap: Run, tmp_path: Path) -> None:
    done = envsnap(
        "capture", "--no-import", "--python", sys.executable, "--weights", "/proc/self/pagemap",
        "--weights", "/dev/zero", "-o", "it.json", timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (
        '"sha256"'
        not in (tmp_path / "it.json").read_text().partition('"weights"')[2].partition('"seeds"')[0]
    )


def test_the_umask_narrows_every_mode(envsnap: Run, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        assert envsnap("capture", "--no-import", "-o", "a.json").returncode == 0
        assert envsnap("check", "a.json", "--fail-on", "never", "-o", "r.txt").returncode == 0
        assert envsnap("probe", "-o", "probe.py").returncode == 0
    finally:
        os.umask(before)
    for name in ("a.json", "r.txt", "probe.py"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) & 0o077 == 0, name


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    known_weights.add({"1:2:3:4:5": {"sha256": "a" * 64, "size": 3}})
    assert known_weights.load()
    return known_weights.path()


def test_a_cache_that_others_can_write_is_not_believed(cache: Path) -> None:
    cache.chmod(0o666)
    assert known_weights.load() == {}


def test_a_cache_behind_a_link_or_without_end_is_not_believed(cache: Path, tmp_path: Path) -> None:
    os.truncate(cache, 5 << 30)
    assert known_weights.load() == {}
    (tmp_path / "other").write_text('{"1:2:3:4:5": {"sha256": "%s", "size": 3}}' % ("b" * 64))
    cache.unlink()
    cache.symlink_to(tmp_path / "other")
    assert known_weights.load() == {}


@pytest.mark.parametrize(
    "entry",
    [
        '{"1:2:9:4:5": {"sha256": "%s", "size": 3}}' % ("a" * 64),
        '{"x": {"sha256": "zz", "size": 3}}',
    ],
)
def test_an_entry_belongs_to_one_file_of_that_size(entry: str, cache: Path) -> None:
    cache.write_text(entry)
    assert known_weights.load() == {}
