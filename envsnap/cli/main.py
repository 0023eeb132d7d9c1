"""The way in and the ways out: every exit code of the command is decided here."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import sys
from importlib import import_module

TYPE_CHECKING = False  # typing costs a third of `--version`
if TYPE_CHECKING:
    import click

    from envsnap.errors import EnvsnapError

USAGE = 2
INTERNAL_ERROR = 70
INTERRUPTED = 130
PIPE_CLOSED = 141
PLUGIN_UNKNOWN = 3  # of Nagios: whatever a plugin could not find out, a usage error, too


def main() -> None:
    """Run the command line and end the process."""
    gc.disable()  # one short run: collecting costs more than it frees
    _require_streams()
    code = _run()
    if _is_plugin() and not isinstance(code, _status()):
        code = PLUGIN_UNKNOWN
    owned = sys.modules.get("envsnap.targets.owned")
    if owned is not None:
        owned.close()  # a client that hung beyond its deadline, in a thread that is given up
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    # Everything is written: taking the interpreter apart would take longer than many commands.
    os._exit(code)


def _is_plugin() -> bool:
    """Whether `--exit-style nagios` was asked for, be the rest of the command line what it may."""
    words = sys.argv[1:]
    return any(
        word == "--exit-style=nagios" or words[place : place + 2] == ["--exit-style", "nagios"]
        for place, word in enumerate(words)
    )


def _status() -> type:
    from envsnap.cli.exit_styles import Status

    return Status


def _require_streams() -> None:
    """Make sure that there is something to write to, and that no character stops us."""
    for number, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:  # the caller closed it
            # What is asked for on a closed output is not lost in silence: writing fails.
            os.dup2(os.open(os.devnull, os.O_RDONLY if number == 1 else os.O_RDWR), number)
            setattr(sys, name, open(number, "r" if number == 0 else "w"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _run() -> int:
    try:
        if sys.argv[1:] == ["--version"]:  # answered before click is imported
            from envsnap._version import __version__

            print(f"envsnap {__version__}")
            code = 0
        else:
            code = _main_inner()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return PIPE_CLOSED
    except OSError as error:
        if error.errno == errno.EBADF and error.filename is None:
            _say("error: standard output is closed; name a file with -o")
            return USAGE
        _say(f"error: {error.filename or 'output'}: {(error.strerror or str(error)).lower()}")
        return USAGE
    except Exception as error:
        if os.environ.get("ENVSNAP_TRACEBACK"):
            raise
        if hidden := _hidden_by(error):
            sys.stderr.write(f"envsnap: error: {hidden}\n")  # nothing else may be importable
            return USAGE
        text = " ".join(str(error).split())[:300]
        _say(
            f"internal error: {type(error).__name__}: {text} (a bug of envsnap;"
            " ENVSNAP_TRACEBACK=1 shows where)"
        )
        return INTERNAL_ERROR
    return code


def _hidden_by(error: BaseException) -> str:
    """Which file hides a module of Python's own, where that is why an import failed; else empty."""
    module = getattr(error, "obj", None)  # of which an attribute is missing
    places = [
        getattr(error, "filename", None),
        getattr(error, "path", None),
        getattr(module, "__file__", None),
    ]
    trace = error.__traceback__
    while trace is not None:
        places.append(trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    library = os.path.dirname(os.__file__)
    folders = {os.path.abspath(folder) for folder in sys.path} - {library}
    for place in filter(None, places):
        name = os.path.basename(place).partition(".")[0]
        if name in sys.stdlib_module_names and os.path.dirname(os.path.abspath(place)) in folders:
            return (
                f"{place} hides Python's own module {name}: rename it, or take its folder out of"
                " PYTHONPATH"
            )
    return ""


def _main_inner() -> int:
    from envsnap.cli import signals
    from envsnap.errors import EnvsnapError

    signals.install()
    try:
        return _dispatched()
    except (EOFError, KeyboardInterrupt):
        print(file=sys.stderr)
        signals.end_started()
        return INTERRUPTED
    except EnvsnapError as error:
        return _refused(error)
    except signals.Terminated as error:
        signals.end_started()
        signals.end(error.number)
        return 128 + error.number


def _dispatched() -> int:
    """Run the command; its words are click's to read only where they are not plain."""
    from envsnap.cli import contents, declared, quick_imports
    from envsnap.model import storage

    words = sys.argv[1:]
    storage.keep(words)
    if words and words[0] in contents.COMMANDS and declared.is_plain(words):
        quick_imports.msgspec()
        found = import_module(f"envsnap.cli.{words[0]}").command
        values = found.read(words[1:]) if isinstance(found, declared.Command) else None
        if values is not None:
            with contextlib.suppress(declared.UsageError):  # click shows it
                result = found.function(**values)
                return result if isinstance(result, int) else 0
    return _by_click()


def _by_click() -> int:
    import click

    from envsnap.cli import signals
    from envsnap.cli.group import PipeClosedError, commands

    try:
        result = commands.main(standalone_mode=False)
        return result if isinstance(result, int) else 0
    except PipeClosedError:
        return PIPE_CLOSED
    except click.Abort:
        signals.end_started()
        return INTERRUPTED
    except click.ClickException as error:
        _show(error)
        return error.exit_code


def _refused(error: EnvsnapError) -> int:
    """Say why, with the page that helps; only a build that failed has a log."""
    from envsnap.cli.help_pages import hint
    from envsnap.errors import BuildError

    first, *log = str(error).split("\n") if isinstance(error, BuildError) else [str(error)]
    _say("\n".join([f"error: {first}{hint(first)}", *log]), has_log=bool(log))
    return error.exit_code


def _show(error: click.ClickException) -> None:
    """Show click's own message; what it quotes of the command line may be a secret."""
    shown = type(error).__new__(type(error))
    shown.__dict__.update(error.__dict__, message=_without_secrets(error.message))
    if _is_plugin():
        _tell_monitoring(shown.format_message())
    shown.show()


def _without_secrets(text: str) -> str:
    """What a user typed comes back in messages: user:password@host must not."""
    from envsnap.redact import decision

    return decision.message(text, dict(os.environ))


def _tell_monitoring(text: str) -> None:
    """Nagios reads standard output alone."""
    from envsnap.report.sanitize import plain

    print(f"ENVSNAP UNKNOWN - {plain(_without_secrets(text)).replace('|', '/')}", flush=True)


def _say(text: str, *, has_log: bool = False) -> None:
    """Say one line; only a build that failed has lines of its log below."""
    from envsnap.report.sanitize import plain

    text = _without_secrets(text)
    with contextlib.suppress(OSError):
        first, *rest = text.split("\n") if has_log else [text]
        if _is_plugin():
            _tell_monitoring(first)
        print(f"envsnap: {plain(first)}", file=sys.stderr)
        for line in rest:  # of a log: never at the margin, where our own words stand
            print(f"  {plain(line.strip())}", file=sys.stderr)
        sys.stderr.flush()
