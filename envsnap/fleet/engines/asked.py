"""What every engine is told, and what it finds: hosts, and how each is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from envsnap.fleet.fanout import Ask
from envsnap.model import codec

if TYPE_CHECKING:
    from envsnap.targets.target import Place

GRACE = 2.0  # the probe ends before we stop listening


class Probing(Struct, frozen=True, kw_only=True):
    """What the probe is told on every host; `python` names its interpreter there."""

    options: dict[str, object]
    python: str | None = None


class Found(Struct, kw_only=True):
    """Hosts of an engine: whom to ask, and who cannot be asked, with the reason."""

    asks: Mapping[str, Ask]
    silent: dict[str, str]


def through(place: Place, host: str, probing: Probing) -> Ask:
    """Ask a host by running the probe at a place."""

    def ask(seconds: float) -> bytes:
        from envsnap.intake import facts
        from envsnap.targets import running

        deadline = max(1.0, seconds - GRACE)
        options = {**probing.options, "deadline": deadline}
        said = running.Run(place, options, deadline).messages()
        return codec.encode(facts.to_manifest(said, place.describe(), host, {}, host))

    return ask
