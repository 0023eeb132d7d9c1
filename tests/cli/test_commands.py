"""The command line as a whole: exit codes, streams, colours, files, help."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from envsnap.cli.contents import COMMANDS
from tests.conftest import COMMAND, Run
from tests.golden import hosts

GOLDEN = Path(hosts.__file__).parent / "dev-prod"


def diff(envsnap: Run, *options: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """Diff the golden hosts."""
    return envsnap("diff", GOLDEN / "dev.json", GOLDEN / "prod.json", *options, **settings)


@pytest.mark.parametrize(
    ("fail_on", "code"), [("error", 1), ("warning", 1), ("info", 1), ("never", 0)]
)
def test_fail_on(fail_on: str, code: int, envsnap: Run) -> None:
    assert diff(envsnap, "--fail-on", fail_on).returncode == code


def test_fail_on_looks_at_the_worst_of_several(envsnap: Run) -> None:
    dev, prod = GOLDEN / "dev.json", GOLDEN / "prod.json"
    assert envsnap("diff", dev, dev).returncode == 0
    assert envsnap("diff", dev, dev, prod, "--fail-on", "error").returncode == 1
    done = envsnap("diff", dev, dev, prod, "--format", "json")
    assert len(json.loads(done.stdout)["results"]) == 2


def test_warnings_do_not_fail_on_error(envsnap: Run, tmp_path: Path) -> None:
    from envsnap import save
    from tests import examples

    for name, version in (("a", "3.9.16"), ("b", "3.8.10"), ("c", "3.9.17")):
        save(examples.manifest({"python": {"version": version}}), str(tmp_path / f"{name}.json"))
    assert envsnap("diff", "a.json", "b.json", "--fail-on", "error").returncode == 0
    assert envsnap("diff", "a.json", "b.json").returncode == 1
    assert envsnap("diff", "a.json", "c.json").returncode == 0
    assert envsnap("diff", "a.json", "c.json", "--fail-on", "info").returncode == 1


def test_a_manifest_on_standard_input(envsnap: Run) -> None:
    data = (GOLDEN / "prod.json").read_bytes()
    assert envsnap("diff", GOLDEN / "dev.json", "-", stdin=data).returncode == 1
    assert envsnap("check", "-", stdin=data).returncode == 0
    done = envsnap("diff", "-", "-", stdin=data)
    assert done.returncode == 2
    assert "one file only" in done.stderr


def test_data_on_stdout_and_messages_on_stderr(envsnap: Run) -> None:
    done = envsnap("capture", "--no-import")
    assert json.loads(done.stdout)["schema_version"] == 1
    assert "describing" in done.stderr


def test_manifests_are_private_and_written_as_a_whole(envsnap: Run, tmp_path: Path) -> None:
    assert envsnap("capture", "--no-import", "-o", "it.json").returncode == 0
    assert (tmp_path / "it.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["it.json"]


@pytest.mark.parametrize("output", ["missing/it.json", "link.json", "folder", "/dev/full"])
def test_outputs_that_cannot_be(output: str, envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to("elsewhere.json")
    (tmp_path / "folder").mkdir()
    done = envsnap("check", GOLDEN / "dev.json", "-o", output)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "elsewhere.json").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("diff",),
        ("diff", "a.json"),
        ("nonsense",),
        ("diff", "--format", "pdf", "a", "b"),
        ("capture", "--pid", "zero"),
        ("capture", "--deadline", "0"),
        ("capture", "--seed", "x"),
        ("capture", "--config", "a=x.yaml", "--config", "a=y.yaml"),
        ("capture", "--seed", "a=1", "--seed", "a=2"),
        ("capture", "--config", "nothing.yaml"),
        ("explain", "no-such-rule"),
        ("schema", "nothing"),
        ("capture", "--config", "x="),
        ("record", "-o", "it.esr"),
        ("record", "true"),
        ("record", "--calls", "0", "-o", "it.esr", "true"),
        ("compare", "none.esr"),
    ],
)
def test_usage_errors(arguments: tuple[str, ...], envsnap: Run) -> None:
    done = envsnap(*arguments)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_names_of_files(envsnap: Run, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "app.yaml").write_text(f"x: {folder}\n")
    clash = envsnap("capture", "--no-import", "--config", "a/app.yaml", "--config", "b/app.yaml")
    assert clash.returncode == 2
    done = envsnap("capture", "--no-import", "--config", "app=a/app.yaml", "--config", "b/app.yaml")
    entries = json.loads(done.stdout)["sections"]["configs"]["entries"]
    assert entries["app"]["tree"] == {"x": "a"}
    assert entries["app.yaml"]["tree"] == {"x": "b"}


def test_the_files_are_compared_by_name(envsnap: Run, tmp_path: Path) -> None:
    folder = Path(hosts.__file__).parent
    for host in ("dev", "prod"):
        done = envsnap(
            "capture",
            "--no-import",
            "--config",
            f"app={folder / f'config-{host}.yaml'}",
            "-o",
            f"{host}.json",
        )
        assert done.returncode == 0, done.stderr
    findings = json.loads(envsnap("diff", "dev.json", "prod.json", "--format", "json").stdout)
    told = {item["path"] for item in findings["results"][0]["findings"]}
    assert told == {"configs.app.logging.level", "configs.app.logging.path"}


def test_seeds_come_from_the_user_the_environment_and_configs(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("train:\n  seed: 3\n  random_state: 4\n  seedling: no\n")
    done = envsnap(
        "capture",
        "--no-import",
        "--config",
        "app=app.yaml",
        "--seed",
        "torch=5",
        env={"PYTHONHASHSEED": "6"},
    )
    assert json.loads(done.stdout)["sections"]["seeds"]["entries"] == {
        "PYTHONHASHSEED": "6",
        "torch": "5",
        "app.train.seed": "3",
        "app.train.random_state": "4",
    }
    other = envsnap(
        "capture", "--no-import", "--seed", "PYTHONHASHSEED=7", env={"PYTHONHASHSEED": "6"}
    )
    assert other.returncode == 2


COLOURS = [
    ({}, (), False),
    ({"FORCE_COLOR": "1"}, (), True),
    ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, (), False),
    ({"NO_COLOR": "1"}, ("--color", "always"), True),
    ({"FORCE_COLOR": "1"}, ("--color", "never"), False),
    ({"NO_COLOR": "", "FORCE_COLOR": "1"}, (), True),
]


@pytest.mark.parametrize(("env", "options", "coloured"), COLOURS)
def test_colours(
    env: dict[str, str], options: tuple[str, ...], coloured: bool, envsnap: Run
) -> None:
    clean = {"NO_COLOR": "", "FORCE_COLOR": "", **env}
    assert ("\x1b[" in diff(envsnap, *options, env=clean).stdout) is coloured


def test_an_html_report_is_utf_8_whatever_the_terminal_is(envsnap: Run) -> None:
    done = diff(envsnap, "--format", "html", env={"PYTHONIOENCODING": "ascii"})
    assert "\u2192" in done.stdout
    assert 'charset="utf-8"' in done.stdout


def test_a_real_terminal_has_colours_and_a_dumb_one_has_none() -> None:
    import pty

    for term, coloured in (("xterm-256color", True), ("dumb", False)):
        pid, descriptor = pty.fork()
        if pid == 0:
            os.environ.update(TERM=term)
            for name in ("NO_COLOR", "FORCE_COLOR"):
                os.environ.pop(name, None)
            os.execv(
                COMMAND, [COMMAND, "diff", str(GOLDEN / "dev.json"), str(GOLDEN / "prod.json")]
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
        assert (b"\x1b[" in output) is coloured


def test_a_closed_pipe_is_no_crash() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    dev, prod = str(GOLDEN / "dev.json"), str(GOLDEN / "prod.json")
    for arguments in (["capture", "--no-import"], ["explain"], ["diff", dev, prod]):
        done = subprocess.run(
            [COMMAND, *arguments], stdout=writing, stderr=subprocess.PIPE, check=False
        )
        assert done.returncode == 141
        assert b"Traceback" not in done.stderr
    os.close(writing)


def test_a_closed_output_is_no_success(tmp_path: Path) -> None:
    dev, prod = str(GOLDEN / "dev.json"), str(GOLDEN / "prod.json")
    for arguments in (["capture", "--no-import"], ["explain"], ["diff", dev, prod]):
        done = subprocess.run(
            ["/bin/sh", "-c", '"$@" >&-', "sh", COMMAND, *arguments],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert "error: standard output is closed; name a file with -o\n" in done.stderr
    to_a_file = [
        "sh",
        COMMAND,
        "export",
        "--format",
        "requirements",
        prod,
        "-o",
        str(tmp_path / "r.txt"),
    ]
    subprocess.run(["/bin/sh", "-c", '"$@" >&-', *to_a_file], check=True, capture_output=True)
    assert (tmp_path / "r.txt").read_text()


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_in_the_middle_is_no_success(unbuffered: str, tmp_path: Path) -> None:
    """A pipe holds 64 KiB: without a buffer, Python takes a part for all that was written."""
    tree = {f"k{number}": "x" * 60 for number in range(4000)}
    (tmp_path / "a.json").write_text(json.dumps(tree))
    words = [COMMAND, "capture", "--no-import", "--config", "a.json", "-o", "-"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    ) as running:  # fmt: skip
        assert running.stdout is not None
        os.read(running.stdout.fileno(), 1)
        running.stdout.close()
        assert running.wait() == 141


def test_an_interrupt_ends_with_130(tmp_path: Path) -> None:
    import signal
    import time

    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("import time\ntime.sleep(60)\n")
    process = subprocess.Popen(
        [COMMAND, "capture", "--python", sys.executable],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in errors


def test_a_bug_ends_with_70_and_one_line(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nclass Broken:\n    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'envsnap.rules.engine':\n            raise KeyError('planted')\n"
        "sys.meta_path.insert(0, Broken())\n"
    )
    done = diff(envsnap, env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 70
    assert len(done.stderr.splitlines()) == 1
    assert "internal error: KeyError" in done.stderr


def test_version(envsnap: Run) -> None:
    from envsnap._version import __version__

    for arguments in (("--version",), ("--version", "--help")):
        assert f"envsnap {__version__}" in envsnap(*arguments).stdout


def test_help_names_every_command(envsnap: Run) -> None:
    shown = envsnap("--help").stdout
    for name in COMMANDS:
        assert f"\n  {name} " in shown
        assert "Usage: envsnap " + name in envsnap(name, "--help").stdout


def test_explain(envsnap: Run) -> None:
    listed = envsnap("explain")
    assert listed.returncode == 0
    assert len(listed.stdout.splitlines()) > 25
    page = envsnap("explain", "driver-minimum").stdout
    assert "minor-version mode" in page


IMPORTS = {
    ("--version",): {"click", "msgspec", "re", "json"},
    ("--help",): {"msgspec", "rich", "yaml", "docker", "deepdiff", "packaging", "pynvml"},
    ("capture", "--no-import"): {
        "rich",
        "yaml",
        "docker",
        "deepdiff",
        "packaging",
        "pynvml",
        "torch",
        "jinja2",
        "click",
        "typing_extensions",
    },
    ("diff", str(GOLDEN / "dev.json"), str(GOLDEN / "dev.json"), "--format", "json"): {
        "rich",
        "yaml",
        "docker",
        "deepdiff",
        "pynvml",
        "torch",
        "pathlib",
        "pandas",
        "tomllib",
        "packaging.specifiers",
        "html",
        "click",
        "typing_extensions",
    },
    ("check", str(GOLDEN / "dev.json"), "--format", "markdown"): {
        "click",
        "typing_extensions",
        "rich",
        "yaml",
        "docker",
        "deepdiff",
    },
    ("dockerfile", str(GOLDEN / "dev.json"), "-o", "context"): {
        "rich",
        "docker",
        "deepdiff",
        "pynvml",
    },
    ("record", "-o", "it.esr", "--", "no-such-command"): {
        "typing_extensions",
        "rich",
        "yaml",
        "docker",
        "deepdiff",
        "torch",
        "numpy",
    },
    ("compare", "none.esr", "other.esr"): {
        "rich",
        "yaml",
        "docker",
        "deepdiff",
        "torch",
        "numpy",
    },
    ("schema",): {"rich", "yaml", "docker", "deepdiff", "pynvml"},
    ("explain",): {"rich", "yaml", "docker", "deepdiff", "pynvml"},
    ("probe", "-o", "probe.py"): {"rich", "yaml", "docker", "deepdiff", "pynvml", "packaging"},
}


@pytest.mark.parametrize("arguments", IMPORTS)
def test_what_a_command_does_not_import(arguments: tuple[str, ...], tmp_path: Path) -> None:
    program = (
        "import os, sys\nfrom envsnap.cli import main\n"
        "def end(code):\n    print('LOADED', *sorted(sys.modules), file=sys.__stderr__)\n    sys.exit(code)\n"
        "main.os._exit = end\nmain.main()\n"
        "end(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    loaded = set(done.stderr.split("LOADED", 1)[1].split())
    assert not loaded & (IMPORTS[arguments] - _at_start())


def test_what_msgspec_does_without_is_there_for_others(tmp_path: Path) -> None:
    (tmp_path / "typing_extensions.py").write_text("from typing import *\n")
    program = (
        "import sys\nfrom envsnap.cli import quick_imports\nquick_imports.msgspec()\n"
        "print('msgspec' in sys.modules, 'typing_extensions' in sys.modules)\n"
        "import typing_extensions\nprint(typing_extensions.__file__)\n"
        "import platform, uuid\nprint(platform.system(), len(str(uuid.uuid1())), platform.python_version())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    here = [platform.system(), "36", platform.python_version()]
    assert done.stdout.split() == ["True", "False", str(tmp_path / "typing_extensions.py"), *here]


def _at_start() -> set[str]:
    """Modules that this interpreter loads by itself (a .pth file, coverage …)."""
    listed = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return set(listed.split())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, envsnap: Run) -> None:
    assert "envsnap" in envsnap(env={"_ENVSNAP_COMPLETE": f"{shell}_source"}).stdout
