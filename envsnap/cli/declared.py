"""What a command takes, as plain data: a plain command line is read without importing click.

That import is a third of a short command. click still explains, completes and refuses: whatever
`Command.read` does not read as it stands goes to the click command that `Command.built` makes of
the same declarations.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import click

Function = TypeVar("Function", bound=Callable[..., object])
PARAMETERS = "__declared__"
HELP = ("-h", "--help")
YES, NO = "yes", "no"  # which word of a switch was written
# Values that the command itself is not given, by their name: how it ends, who must have signed.
kept: dict[str, object] = {}


class UsageError(Exception):
    """The words of a command line exclude each other; click shows it with the command's usage."""


class Choice:
    """One of a few words."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)

    def built(self) -> Any:
        """The same as click's type."""
        import click

        return click.Choice(self.words)

    def read(self, text: str) -> str:
        """Take the word. Raises ValueError for another one."""
        if text not in self.words:
            raise ValueError(text)
        return text


class Number:
    """A number with bounds, whole or not."""

    def __init__(self, least: float, most: float | None = None, *, whole: bool = False) -> None:
        self.least, self.most, self.whole = least, most, whole

    def built(self) -> Any:
        """The same as click's type."""
        import click

        kind = click.IntRange if self.whole else click.FloatRange
        return kind(self.least, self.most)  # type: ignore[arg-type]

    def read(self, text: str) -> float:
        """Take the number. Raises ValueError for what is none, or beyond the bounds."""
        found = int(text) if self.whole else float(text)
        if not self.least <= found <= (found if self.most is None else self.most):
            raise ValueError(text)
        return found


class Words:
    """A word as it stands, also one that looks like an option."""

    def built(self) -> Any:
        """The same as click's type."""
        import click

        return click.UNPROCESSED

    def read(self, text: str) -> str:
        """Take the word."""
        return text


class Parameter:
    """An option or an argument: the settings that click's own decorators take.

    With `keeps`, its value goes to `kept` under this name, and not to the command.
    """

    def __init__(self, words: tuple[str, ...], settings: dict[str, Any], *, option: bool) -> None:
        self.keeps: str | None = settings.pop("keeps", None)
        self.words, self.settings, self.is_option = words, settings, option
        # Of `--full/--no-full` the second says no.
        self.spelled = {
            one: text
            for word in words
            for one, text in zip(word.split("/"), (YES, NO), strict=False)
        }
        self.is_switch = any("/" in word for word in words)
        longest = max(self.spelled, key=lambda word: (word[:1] != "-", word[:2] == "--"))
        self.name = longest.lstrip("-").replace("-", "_").lower()
        kind = settings.get("type")
        self.kind = kind if isinstance(kind, Choice | Number | Words) else None
        # What is read here; everything else is click's.
        self.is_plain = (
            (kind is None or self.kind is not None)
            and not settings.keys() & {"flag_value", "callback", "confirmation_prompt", "prompt"}
            and (settings.get("nargs", 1) == 1 or not option)
        )

    @property
    def is_flag(self) -> bool:
        """Whether nothing is written after it."""
        return self.is_option and (self.is_switch or bool(self.settings.get("is_flag")))

    def _names_a_file(self) -> bool:
        """Whether a shell completes it with the names of files."""
        word = str(self.settings.get("metavar", "")).upper()
        return not self.is_flag and (
            not self.is_option
            or self.name == "output"
            or any(kind in word for kind in ("FILE", "FOLDER", "MANIFEST"))
        )

    def built(self) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """The decorator of click that declares the same."""
        import click

        settings = dict(self.settings)
        if self.kind is not None:
            settings["type"] = self.kind.built()
        elif self._names_a_file() and "type" not in settings:
            settings.setdefault("shell_complete", _files)
        if self.keeps is not None:
            name = self.keeps

            def keep(_context: click.Context, _parameter: click.Parameter, value: object) -> None:
                kept[name] = value

            settings.update(expose_value=False, callback=keep)
        return (click.option if self.is_option else click.argument)(*self.words, **settings)

    def value(self, texts: list[str]) -> object:
        """The value of what was written, with the default where nothing was. Raises ValueError."""
        settings = self.settings
        if self.is_switch:
            return texts[-1] == YES if texts else settings.get("default")
        if self.is_flag:
            return bool(texts)
        read = self.kind.read if self.kind is not None else str
        many = settings.get("multiple") or settings.get("nargs", 1) == -1
        if settings.get("required") and not texts:
            raise ValueError(self.name)
        if many:
            return tuple(map(read, texts))
        return read(texts[-1]) if texts else settings.get("default")


class Command:
    """A command: what it does, and what it takes."""

    def __init__(self, function: Callable[..., Any], settings: dict[str, Any]) -> None:
        self.function, self._settings = function, settings
        self.parameters: list[Parameter] = list(reversed(getattr(function, PARAMETERS, [])))

    def built(self) -> click.Command:
        """The click command."""
        import functools

        import click

        @functools.wraps(self.function)
        def called(**values: Any) -> Any:
            try:
                return self.function(**values)
            except UsageError as error:
                raise click.UsageError(str(error)) from None

        found: Any = called
        for parameter in reversed(self.parameters):
            found = parameter.built()(found)
        built: click.Command = click.command(**self._settings)(found)
        return built

    def read(self, words: Sequence[str]) -> dict[str, object] | None:
        """The values of a plain command line; None where click has to read it, or refuse it."""
        if not all(parameter.is_plain for parameter in self.parameters):
            return None
        settings = self._settings.get("context_settings", {})
        try:
            line = _Line(self.parameters, settings.get("allow_interspersed_args", True))
            line.take(words)
            found = {item.name: item.value(line.texts(item)) for item in self.parameters}
        except ValueError:
            return None
        for item in self.parameters:
            if item.keeps is not None:
                kept[item.keeps] = found.pop(item.name)
        return found


class _Line:
    """The words of a command line, sorted to the parameters that they are for."""

    def __init__(self, parameters: Sequence[Parameter], mixed: bool) -> None:
        options = [item for item in parameters if item.is_option]
        self._options = {word: item for item in options for word in item.spelled if word[:1] == "-"}
        self._arguments = [item for item in parameters if not item.is_option]
        self._mixed = mixed
        self._texts: dict[str, list[str]] = {}

    def take(self, words: Sequence[str]) -> None:
        """Sort the words. Raises ValueError for what is not plain."""
        rest: list[str] = []
        left = list(reversed(words))
        while left:
            word = left.pop()
            if word == "--" or (rest and not self._mixed):
                rest += [*([] if word == "--" else [word]), *reversed(left)]
                break
            if word[:1] != "-" or word == "-":
                rest.append(word)
            else:
                self._option(word, left)
        self._spread(rest)

    def texts(self, item: Parameter) -> list[str]:
        """What was written for a parameter. Raises ValueError where a variable may speak for it."""
        found = self._texts.get(item.name, [])
        if not found and os.environ.get(item.settings.get("envvar", "")):
            raise ValueError(item.name)
        return found

    def _option(self, word: str, left: list[str]) -> None:
        name, equals, text = word.partition("=")
        item = self._options.get(name)
        if item is None or (equals and (name[:2] != "--" or item.is_flag)):
            raise ValueError(word)
        if item.is_flag:
            text = item.spelled[name]
        elif not equals:
            if not left or (left[-1][:1] == "-" and left[-1] != "-"):
                raise ValueError(word)
            text = left.pop()
        self._texts.setdefault(item.name, []).append(text)

    def _spread(self, rest: list[str]) -> None:
        """Arguments in their order; the last may take all that is left."""
        for item in self._arguments:
            count = len(rest) if item.settings.get("nargs", 1) == -1 else 1
            self._texts[item.name], rest = rest[:count], rest[count:]
            is_required = item.settings.get(
                "required", count == 1 and "default" not in item.settings
            )
            if not self._texts[item.name] and is_required:
                raise ValueError(item.name)
        if rest:
            raise ValueError(rest[0])


def _files(_context: object, _parameter: object, incomplete: str) -> list[Any]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def option(*words: str, **settings: Any) -> Callable[[Function], Function]:
    """Declare an option, with the settings of click's own decorator."""
    return _added(Parameter(words, settings, option=True))


def argument(*words: str, **settings: Any) -> Callable[[Function], Function]:
    """Declare an argument, with the settings of click's own decorator."""
    return _added(Parameter(words, settings, option=False))


def command(**settings: Any) -> Callable[[Callable[..., Any]], Command]:
    """Declare a command of a function; its parameters are declared below."""
    return lambda function: Command(function, settings)


def is_plain(words: Sequence[str]) -> bool:
    """Whether a command line may be read without click: no help, no completion, no patterns."""
    completes = any(name.endswith("_COMPLETE") and name[:1] == "_" for name in os.environ)
    return sys.platform != "win32" and not completes and not any(word in HELP for word in words)


def _added(parameter: Parameter) -> Callable[[Function], Function]:
    def decorate(function: Function) -> Function:
        known = list(getattr(function, PARAMETERS, []))
        setattr(function, PARAMETERS, [*known, parameter])
        return function

    return decorate
