"""`envsnap explain`."""

from __future__ import annotations

import inspect

import click

from envsnap.errors import InputError
from envsnap.rules import registry


def pages() -> str:
    """Every rule's page as one Markdown text: docs/rules.md."""
    parts = ["# Rules", "Written by `envsnap explain --all`; each page is its rule's docstring."]
    for entry in registry.REGISTRY:
        title, _, body = (inspect.getdoc(entry.load()) or "").partition("\n")
        parts += [f"## {entry.id}", f"**{title}**", body.strip()]
    return "\n\n".join(parts) + "\n"


@click.command()
@click.argument("rule", required=False)
@click.option("--all", "everything", is_flag=True, help="Show every rule's page, as Markdown.")
def command(rule: str | None, everything: bool) -> int:
    """Show what a rule looks at, why it matters, and what to do; without RULE, list all."""
    if everything:
        click.echo(pages(), nl=False)
        return 0
    if rule is None:
        for entry in registry.REGISTRY:
            title = (inspect.getdoc(entry.load()) or "").splitlines()[0]
            click.echo(f"{entry.id:22} {title}")
        return 0
    found = registry.rule(rule)
    if found is None:
        raise InputError(f"no rule {rule}; `envsnap explain` lists them")
    click.echo(f"{found.id}\n\n{inspect.getdoc(found)}")
    return 0
