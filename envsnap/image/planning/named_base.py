"""A base image that the user names and that the tables know: what it is made of is no riddle."""

from __future__ import annotations

import re

from envsnap.errors import InputError
from envsnap.image.facts import Facts, captured_system
from envsnap.image.planning import conda, foundations, images
from envsnap.image.planning.foundations import FROM_APT, IN_SLIM, Foundation
from envsnap.image.records import Base, Certainty, Decision, PythonSource

SLIM = re.compile(r"python:(?P<python>[0-9.]+)-slim-(?P<suite>[a-z]+)")


def listed(facts: Facts, reference: str) -> Foundation | None:
    """Choose a base that was named and that the tables know, with the Python that fits it."""
    named = Decision(
        subject="base",
        choice=reference,
        why="named with --base; the tables list it",
        certainty="exact",
    )
    if facts.python is None or conda.whole(facts):
        return None
    for tag in images.cuda_tags():
        if tag.reference == reference:
            return _on_cuda(facts, facts.python, tag, named)
    for row in images.distributions():
        if row.image == reference:
            return _on_distribution(facts, facts.python, row, named)
    slim = SLIM.fullmatch(reference)
    if slim is not None and slim["suite"] in images.slim().get(slim["python"], ()):
        return _on_slim(facts, slim["python"], images.suites()[slim["suite"]], named)
    return None


def _on_cuda(facts: Facts, python: str, tag: images.CudaTag, named: Decision) -> Foundation:
    row = images.ubuntu(tag.ubuntu)
    found = foundations.into_ubuntu(python, row, facts.architecture)
    if found is None:
        raise InputError(foundations.not_into(python, tag.reference))
    source, why, certainty = found
    return Foundation(
        base=foundations.nvidia(facts, tag),
        python=source,
        apt=foundations.apt_for(source, row),
        cuda=".".join(tag.cuda.split(".")[:2]),
        decisions=(named, _system(facts, row), _python_by(python, source, why, certainty)),
    )


def _on_distribution(
    facts: Facts, python: str, row: images.Distribution, named: Decision
) -> Foundation:
    source = PythonSource(version=row.python, how="apt", executable=FROM_APT)
    same = row.python == python
    why = "apt installs it: it is this release's own" if same else f"captured {python}"
    certainty: Certainty = "exact" if same else "nearest"
    return Foundation(
        base=foundations.release(facts, row),
        python=source,
        apt=foundations.apt_for(source, row),
        decisions=(named, _system(facts, row), _python_by(row.python, source, why, certainty)),
    )


def _on_slim(facts: Facts, python: str, suite: images.Suite, named: Decision) -> Foundation:
    source = PythonSource(version=python, how="image", executable=IN_SLIM)
    same = python == facts.python
    why = "the image has this release" if same else f"captured {facts.python}"
    return Foundation(
        base=Base(
            reference=named.choice,
            kind="slim",
            status="listed",
            platform=foundations.platform(facts),
            system=f"debian {suite.debian}",
        ),
        python=source,
        decisions=(
            named,
            foundations.slim_system(facts, suite),
            Decision(
                subject="system.glibc",
                choice=suite.glibc,
                why=f"captured {facts.glibc or 'an unknown one'}",
                certainty="exact" if suite.glibc == facts.glibc else "nearest",
            ),
            _python_by(python, source, why, "exact" if same else "nearest"),
        ),
    )


def _system(facts: Facts, row: images.Distribution) -> Decision:
    same = (facts.os_id, facts.os_version) == (row.id, row.version)
    return Decision(
        subject="system.os",
        choice=f"{row.id} {row.version}",
        why="the captured release" if same else f"captured {captured_system(facts)}",
        certainty="exact" if same else "nearest",
    )


def _python_by(python: str, source: PythonSource, why: str, certainty: Certainty) -> Decision:
    return Decision(
        subject="python.version",
        choice=f"{python} by {source.how}",
        why=why,
        certainty=certainty,
    )
