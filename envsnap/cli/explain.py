"""`envsnap explain`."""

from __future__ import annotations

import inspect

import click

from envsnap.errors import InputError
from envsnap.rules import registry


@click.command()
@click.argument("rule", required=False)
def command(rule: str | None) -> int:
    """Show what a rule looks at, why it matters, and what to do; without RULE, list all."""
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
