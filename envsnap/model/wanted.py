"""What a lock, a requirements file or a plan asks for; never mixed with what is installed."""

from typing import Annotated

from msgspec import UNSET, UnsetType

from envsnap.model.fields import Record, Section, Text, Texts, location
from envsnap.model.python import Origin


class Choice(Record, frozen=True, kw_only=True):
    """One line that asks for a distribution. Without a marker it holds everywhere."""

    version: Annotated[Text, location("The one version that is asked for.", since=2)] = UNSET
    specifier: Annotated[
        Text,
        location("The range of versions that will do, as PEP 440 or conda spells it.", since=2),
    ] = UNSET
    marker: Annotated[
        Text, location("Where it is asked for: an environment marker (PEP 508).", since=2)
    ] = UNSET
    extras: Annotated[Texts, location("Extras that are asked for with it.", since=2)] = UNSET
    origin: Annotated[
        Origin | UnsetType, location("The address it shall be installed from.", since=2)
    ] = UNSET
    editable: Annotated[
        bool | UnsetType, location("Whether it is an editable install.", since=2)
    ] = UNSET
    groups: Annotated[
        Texts,
        location("Extras or dependency groups that alone ask for it: not by default.", since=2),
    ] = UNSET
    build: Annotated[Text, location("Build string that conda is asked for.", since=2)] = UNSET
    manager: Annotated[
        Text, location("conda, where the name is conda's and no distribution's.", since=2)
    ] = UNSET


class Requirement(Choice, frozen=True, kw_only=True):
    """A distribution that is asked for: by one line, or by alternatives with markers."""

    alternatives: Annotated[
        tuple[Choice, ...] | UnsetType,
        location("The lines that ask for it, where there are several.", since=2),
    ] = UNSET


class Wanted(Section, frozen=True, kw_only=True):
    """Distributions that are asked for, by canonical name. No digest or fingerprint covers it."""

    entries: Annotated[
        dict[str, Requirement] | UnsetType,
        location("Distributions by canonical name; conda's own packages by conda's.", since=2),
    ] = UNSET
    requires_python: Annotated[
        Text, location("The Python versions that are asked for.", since=2)
    ] = UNSET
    constraints: Annotated[
        dict[str, str] | UnsetType,
        location("Bounds on what is not asked for by itself, by name.", since=2),
    ] = UNSET
    sources: Annotated[Texts, location("Indexes or channels, without credentials.", since=2)] = (
        UNSET
    )
