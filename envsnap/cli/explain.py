"""`envsnap explain`."""

from __future__ import annotations

import inspect

from envsnap.cli import declared
from envsnap.cli.echo import echo
from envsnap.errors import InputError
from envsnap.rules import registry


def pages() -> str:
    """Every rule's page as one Markdown text."""
    parts = ["# Rules"]
    for subject, entries in by_subject().items():
        parts.append(f"## {subject.capitalize()}")
        for entry in entries:
            title, _, body = (inspect.getdoc(entry.load()) or "").partition("\n")
            parts += [f"### {entry.id}", f"**{title}**", body.strip()]
    return "\n\n".join(parts) + "\n"


def by_subject() -> dict[str, list[registry.Entry]]:
    """The rules by the folder they lie in."""
    found: dict[str, list[registry.Entry]] = {}
    for entry in registry.REGISTRY:
        found.setdefault(entry.subject, []).append(entry)
    return found


def _rules(_context: object, _parameter: object, incomplete: str) -> list[str]:
    """The rules whose names begin so, for a shell."""
    return [entry.id for entry in registry.REGISTRY if entry.id.startswith(incomplete)]


@declared.command()
@declared.argument("rule", required=False, shell_complete=_rules)
@declared.option("--all", "everything", is_flag=True, help="Show every rule's page, as Markdown.")
@declared.option(
    "--tables", is_flag=True, help="List the knowledge tables with rows, sources and dates."
)
@declared.option(
    "--formats",
    is_flag=True,
    help="List the files of other tools that envsnap reads in place of a manifest.",
)
def command(rule: str | None, everything: bool, tables: bool, formats: bool) -> int:
    """Show what a rule looks at, why it matters, and what to do; without RULE, list all.

    RULE may also be the name that an error's message gives, such as no-such-file.
    """
    if tables:
        _tables()
        return 0
    if formats:
        from envsnap import api

        for title in api.formats():
            echo(title)
        return 0
    if everything:
        echo(pages(), nl=False)
        return 0
    if rule is None:
        for subject, entries in by_subject().items():
            echo(f"{subject}:")
            for entry in entries:
                title = (inspect.getdoc(entry.load()) or "").splitlines()[0]
                echo(f"  {entry.id:23} {title}")
        return 0
    found = registry.rule(rule)
    if found is None:
        return _error(rule)
    echo(f"{found.id}\n\n{inspect.getdoc(found)}")
    return 0


def _error(name: str) -> int:
    """What a frequent error means, by the name that its message gives."""
    from envsnap.cli import help_pages

    section = help_pages.section(name)
    if section is None:
        import difflib

        known = [*(entry.id for entry in registry.REGISTRY), *help_pages.SECTIONS.values()]
        near = difflib.get_close_matches(name, known, 1)
        meant = f"; did you mean {near[0]}?" if near else ";"
        raise InputError(f"no rule {name}{meant} `envsnap explain` lists them")
    echo(section, nl=False)
    return 0


def _tables() -> None:
    """Each table with its rows, its day and its sources; then the newest release that they know."""
    from envsnap.knowledge import ages
    from envsnap.knowledge.tables import table

    for found in ages.ages():
        echo(f"{found.name:26} {found.rows:5} rows, read on {found.read_on or 'an unknown day'}")
        for source in found.sources:
            echo(f"    {source}")
    newest = table("newest")
    echo(f"\nThe newest release that the tables know, read on {newest['read_on']}:")
    for name, release in newest["rows"].items():
        echo(f"  {name} {release}")
    branches = [row["branch"] for row in table("driver_branches")["rows"]]
    echo(f"  NVIDIA driver: branch {max(branches)}")
