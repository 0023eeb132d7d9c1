"""Text is read and written as ASCII."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.knowledge import variables
from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.reading import stated, variable
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

ASCII = ("ascii", "us-ascii", "ansi_x3.4-1968", "646")
PLAIN = ("c", "posix", "(posix)", "(c)")


class AsciiLocale(Rule):
    """The preferred text encoding is ASCII, or the named locale is not installed.

    In the C or POSIX locale old Pythons, and programs that ask the C library, read files as
    ASCII: "'ascii' codec can't decode byte 0xc3". Python 3.7 and newer turn C into UTF-8 by
    themselves, but not a locale that is named and not installed.

    Fix: set LC_ALL=C.UTF-8 (or PYTHONUTF8=1), and install the locale that is named.
    """

    id = "ascii-locale"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield at most one finding."""
        encoding = stated(manifest, "system", "encoding")
        if isinstance(encoding, str):
            if encoding.lower() in ASCII:
                yield self._finding(("system", "encoding"), f"text is read as {encoding}")
            elif stated(manifest, "system", "locale_installed") is False:
                locale = stated(manifest, "system", "locale")
                yield self._finding(
                    ("system", "locale_installed"), f"the locale {locale} is not installed"
                )
            return
        python = stated(manifest, "python", "version")
        if isinstance(python, str) and numbers(python) >= (3, 7):
            return  # it turns the C locale into UTF-8 (PEP 538, PEP 540)
        for name in variables.LOCALES:
            value = variable(manifest, name)
            if value:
                if value.lower() in PLAIN:
                    yield self._finding(
                        ("env_vars", name), f"{name}={value}: text is read as ASCII"
                    )
                return

    def _finding(self, path: tuple[str, ...], message: str) -> Finding:
        return Finding(
            rule=self.id,
            severity=Severity.WARNING,
            effect=Effect.CRASH,
            confidence=Confidence.LIKELY,
            path=path,
            message=message,
            why="Reading text that is not ASCII fails, or gives other characters.",
            fix="Set LC_ALL=C.UTF-8 or PYTHONUTF8=1, and install the locale that is named.",
            source="https://peps.python.org/pep-0538/",
        )
