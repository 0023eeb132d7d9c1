"""Chooses the base image, and the way Python gets into it, from evidence."""

from __future__ import annotations

from envsnap.errors import InputError
from envsnap.image import validate
from envsnap.image.facts import Facts, numbers
from envsnap.image.planning import conda, conda_base, foundations, images, named_base
from envsnap.image.planning.cuda_base import choose_tag
from envsnap.image.planning.cuda_use import CudaNeed, forced, mapped, system_cuda, wheels
from envsnap.image.planning.foundations import (
    CONDA_PYTHON,
    FROM_APT,
    IN_SLIM,
    Foundation,
)
from envsnap.image.records import Base, Certainty, Decision, PythonSource
from envsnap.wording import counted

WORDS = ("auto", "slim", "cuda")


def choose(facts: Facts, wanted: str) -> Foundation:
    """Choose base image and Python; `wanted` is auto, slim, cuda or an image reference."""
    if wanted not in WORDS:
        return _custom(facts, wanted)
    if conda.whole(facts):
        return _conda(facts, wanted)
    if facts.odd_python is not None:
        raise InputError(f"{facts.odd_python}, which no listed image has; name one: --base IMAGE")
    if facts.python is None:
        raise InputError("python.version: not captured; name a base with --base IMAGE")
    need = _need(facts, wanted)
    if need is not None:
        return _cuda(facts, facts.python, need)
    return _without_cuda(facts, facts.python, asked=wanted == "slim")


def _conda(facts: Facts, wanted: str) -> Foundation:
    """Choose the system under an environment that brings its own Python."""
    need = _need(facts, wanted)
    if need is not None:
        tag, decisions = choose_tag(
            facts, need, tuple(row.version for row in foundations.ubuntus())
        )
        return Foundation(
            base=foundations.nvidia(facts, tag),
            python=_conda_python(facts),
            cuda=".".join(tag.cuda.split(".")[:2]),
            decisions=(*decisions, _python_of_conda(facts)),
        )
    row, decisions = conda_base.choose(facts)
    return Foundation(
        base=foundations.release(facts, row),
        python=_conda_python(facts),
        decisions=(*decisions, _python_of_conda(facts)),
    )


def _need(facts: Facts, wanted: str) -> CudaNeed | None:
    """Say which system CUDA is needed, by the evidence or because it was asked for."""
    if wanted == "cuda" or (wanted == "auto" and facts.asked_cuda):
        return forced(facts)
    return system_cuda(facts) if wanted == "auto" else None


def _conda_python(facts: Facts) -> PythonSource:
    return PythonSource(version=facts.python, how="conda", executable=CONDA_PYTHON)


def _python_of_conda(facts: Facts) -> Decision:
    return foundations.exact_python(facts.python or "conda's", "conda's own package of it")


def _custom(facts: Facts, wanted: str) -> Foundation:
    reference = validate.image_reference(wanted, "--base")
    known = named_base.listed(facts, reference)
    if known is not None:
        return known
    version = facts.python or "unknown"
    python = PythonSource(version=None, how="image", executable="python3")
    of_conda = conda.whole(facts)
    return Foundation(
        base=Base(
            reference=reference,
            kind="custom",
            status="unknown",
            platform=foundations.platform(facts),
        ),
        python=_conda_python(facts) if of_conda else python,
        decisions=(
            Decision(
                subject="base",
                choice=reference,
                why="named with --base; nothing is known of it",
                certainty="unknown",
            ),
            _python_of_conda(facts)
            if of_conda
            else Decision(
                subject="python.version",
                choice="the python3 of the base image",
                why=f"the captured version is {version}; the image must have it, with venv and pip",
                certainty="unknown",
            ),
        ),
    )


def _without_cuda(facts: Facts, python: str, *, asked: bool) -> Foundation:
    """Choose a slim Python image, or the distribution whose own Python was captured."""
    suite, certainty, difference = _slim_suite(facts, python)
    own = _own_distribution(facts, python)
    of_apt = any(isinstance(item.system_package, str) for item in facts.packages.values())
    if own is not None and (certainty != "exact" or of_apt) and not asked:
        return _distribution(facts, python, own)
    if suite is None:
        raise InputError(foundations.no_image(python))
    reference = images.slim_reference(python, suite)
    return Foundation(
        base=Base(
            reference=reference,
            kind="slim",
            status="listed",
            platform=foundations.platform(facts),
            system=f"debian {images.suites()[suite].debian}",
        ),
        python=PythonSource(version=python, how="image", executable=IN_SLIM),
        decisions=(
            Decision(subject="base", choice=reference, why=_why_slim(facts), certainty="exact"),
            foundations.slim_system(facts, images.suites()[suite]),
            Decision(
                subject="system.glibc",
                choice=images.suites()[suite].glibc,
                why=difference,
                certainty=certainty,
            ),
            foundations.exact_python(python, "the image has this release"),
        ),
    )


def _why_slim(facts: Facts) -> str:
    found = wheels(facts)
    if mapped(facts):
        return "named with --base, although system CUDA libraries were loaded"
    if found:
        return f"{counted(len(found), 'nvidia-* distribution')} with the CUDA libraries"
    if any(isinstance(item.cuda, str) for item in facts.frameworks.values()):
        return "the framework's own files bring the CUDA libraries"
    if any(isinstance(item.rocm, str) for item in facts.frameworks.values()):
        return "the framework's own files bring the ROCm libraries"
    return "no use of system CUDA libraries was captured"


def _slim_suite(facts: Facts, python: str) -> tuple[str | None, Certainty, str]:
    """Choose the suite whose glibc is the captured one, else the next newer, else the newest."""
    known = images.suites()
    listed = images.slim().get(python, ())
    if not listed:
        return None, "unknown", ""
    newest = listed[-1]
    if facts.glibc is None:
        what = "the captured system has musl" if facts.musl else "no glibc was captured"
        return newest, "nearest" if facts.musl else "unknown", f"{what}; the newest suite is taken"
    captured = numbers(facts.glibc)
    for suite in listed:
        glibc = numbers(known[suite].glibc)
        if glibc == captured:
            return suite, "exact", f"the glibc of {suite} is the captured one"
        if glibc > captured:
            return suite, "nearest", f"captured {facts.glibc}; no image of this Python has it"
    why = f"captured {facts.glibc}; the newest image of this Python is older"
    return newest, "nearest", why


def _own_distribution(facts: Facts, python: str) -> images.Distribution | None:
    """Return the distribution that was captured, if this Python is the one it ships."""
    if facts.base_prefix not in (None, "/usr"):
        return None
    for row in images.distributions():
        if (row.id, row.version, row.python) == (facts.os_id, facts.os_version, python):
            return row
    return None


def _distribution(facts: Facts, python: str, own: images.Distribution) -> Foundation:
    sure = facts.base_prefix == "/usr"
    return Foundation(
        base=foundations.release(facts, own),
        python=PythonSource(version=python, how="apt", executable=FROM_APT),
        apt=("ca-certificates", "python3", "python3-venv"),
        decisions=(
            Decision(
                subject="base",
                choice=own.image,
                why=f"{python} is this release's own Python, and no slim image of it"
                " has the captured glibc",
                certainty="exact" if sure else "nearest",
            ),
            Decision(
                subject="system.glibc",
                choice=own.glibc,
                why="the captured release itself",
                certainty="exact" if own.glibc == facts.glibc else "nearest",
            ),
            foundations.exact_python(python, "apt installs it: it is this release's own"),
        ),
    )


def _cuda(facts: Facts, python: str, need: CudaNeed) -> Foundation:
    """Choose an nvidia/cuda image, and put Python into it."""
    sources = {
        row.version: foundations.into_ubuntu(python, row, facts.architecture)
        for row in foundations.ubuntus()
    }
    possible = {version: source for version, source in sources.items() if source is not None}
    if not possible:
        raise InputError(foundations.not_into(python, "any nvidia/cuda image"))
    tag, decisions = choose_tag(facts, need, tuple(possible))
    row = images.ubuntu(tag.ubuntu)
    source, why, certainty = possible[tag.ubuntu]
    return Foundation(
        base=foundations.nvidia(facts, tag),
        python=source,
        apt=foundations.apt_for(source, row),
        cuda=".".join(tag.cuda.split(".")[:2]),
        decisions=(
            *decisions,
            Decision(
                subject="python.version",
                choice=f"{python} by {source.how}",
                why=why,
                certainty=certainty,
            ),
        ),
    )
