"""What an error text or a log shows of the environment that printed it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from envsnap.intake.messages import clean_message
from envsnap.knowledge.tables import is_trusted, table
from envsnap.model.manifest import Manifest
from envsnap.model.paths import Path
from envsnap.model.reading import packages
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.package_roles import role
from envsnap.rules.rule import Rule

LONGEST_TEXT = 1 << 20
LONGEST_QUOTE = 160


class ErrorText(Rule):
    """A text that a failure printed names its cause.

    Texts of failures that an environment causes are known (a table of patterns, each with its
    source): what they show, and which facts to look at. With `--error-text FILE`, the finding
    that explains the text is ranked first and quotes it: a rule's finding where a rule sees the
    cause in the manifest, else the text's own, at the first fact that the manifest states.
    A pattern known from memory only is marked as unverified and is at most a warning.

    Fix: what the finding says; then run again and pass the new text.
    """

    id = "error-text"

    def explain(
        self, error_text: str, manifest: Manifest, findings: Iterable[Finding]
    ) -> Iterator[Finding]:
        """Yield the findings that explain a text, in the order of the table: the likeliest first.

        Findings of other rules come back with the quotation; what no rule sees is this rule's.
        """
        told = list(findings)
        explained: set[tuple[str, Path]] = set()
        said: set[str] = set()
        for row, match in matches(error_text):
            if row["says"] in said or not _is_known(match, manifest):
                continue
            said.add(row["says"])
            known = [found for found in told if found.rule in row["rules"] and _serious(found)]
            for found in known:
                if (found.rule, found.path) not in explained:
                    explained.add((found.rule, found.path))
                    yield replace(found, why=f"{found.why} The text says: {quoted(match)}")
            if not known:
                yield self._finding(row, match, manifest)

    def _finding(self, row: dict[str, Any], match: re.Match[str], manifest: Manifest) -> Finding:
        sure = is_trusted(row["basis"])
        severity = Severity(row.get("severity", "error" if sure else "warning"))
        stated, others = _places(row["facts"], match, manifest)
        return Finding(
            rule=self.id,
            severity=severity,
            effect=Effect(row["effect"]),
            confidence=Confidence.LIKELY if sure else Confidence.POSSIBLE,
            path=stated,
            message=row["says"] + ("" if sure else " (unverified)"),
            why=f"The text says: {quoted(match)}",
            fix=row["fix"],
            source=row["source"] if sure else "",
            cites=others,
        )


def matches(error_text: str) -> Iterator[tuple[dict[str, Any], re.Match[str]]]:
    """The signatures that a text shows; of those at one place, the first of the table.

    Of a longer text its end is read: that is where a failure is.
    """
    text = error_text[-LONGEST_TEXT:]
    taken: set[int] = set()
    for row in table("failure_signatures")["rows"]:
        match = re.search(row["pattern"], text)
        if match and "unless" in row and re.search(row["unless"], text):
            continue  # the text says itself what it was
        if match and match.start() not in taken:
            taken.add(match.start())
            yield row, match


def quoted(match: re.Match[str]) -> str:
    """The line that a pattern was found in, shortened around it."""
    text, start, end = match.string, match.start(), match.end()
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    line = text[max(first, start - 40) : len(text) if last < 0 else last]
    return clean_message(" ".join(line[:LONGEST_QUOTE].split()))


def distribution(module: str, manifest: Manifest) -> str | None:
    """The distribution that an import name stands for; None for one that nobody knows.

    A program's own modules look like packages; only what is installed, or is known by its import
    name or role, is spoken of.
    """
    top = module.partition(".")[0]
    known = table("import_names")["names"].get(top)
    installed = packages(manifest)
    if known is not None:
        return next((name for name in known if name in installed), str(known[0]))
    name = top.replace("_", "-").lower()
    return name if name in installed or role(name) != "unknown" else None


def _is_known(match: re.Match[str], manifest: Manifest) -> bool:
    """Whether what the text names is a distribution, where the signature speaks of one."""
    named = [value for value in match.groupdict().values() if value]
    return not named or any(distribution(value, manifest) for value in named)


def _serious(found: Finding) -> bool:
    return found.severity is not Severity.INFO


def _places(
    facts: list[str], match: re.Match[str], manifest: Manifest
) -> tuple[Path, tuple[Path, ...]]:
    """The first fact that the manifest states, and the others that it states."""
    named = {key: distribution(value, manifest) or "" for key, value in match.groupdict("").items()}
    filled = (re.sub(r"\{(\w+)\}", lambda found: named.get(found[1], ""), fact) for fact in facts)
    paths = [tuple(fact.split(".")) for fact in filled if not fact.endswith(".")]
    stated = [found for path in paths for found in _stated(manifest.sections, path)]
    named_plainly = [path for path in paths if "*" not in path[-1] and "*" not in path]
    first = (stated or named_plainly or paths or [("packages",)])[0]
    return first, tuple(path for path in dict.fromkeys(stated) if path != first)


def _stated(node: Any, path: Path, done: Path = ()) -> Iterator[Path]:
    """Paths of a pattern that lead to a fact; a `*` in a key stands for anything."""
    if node is UNSET or node is None:
        return
    if not path:
        yield done
        return
    key, rest = path[0], path[1:]
    entries = getattr(node, "entries", UNSET)
    if entries is not UNSET and isinstance(entries, dict):
        node = entries
    if isinstance(node, dict):
        pattern = re.escape(key).replace(r"\*", ".*")
        for name in sorted(name for name in node if re.fullmatch(pattern, name)):
            yield from _stated(node[name], rest, (*done, name))
    elif key.isidentifier():
        yield from _stated(getattr(node, key, UNSET), rest, (*done, key))
