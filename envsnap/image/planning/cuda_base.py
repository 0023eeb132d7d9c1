"""Chooses the nvidia/cuda tag that comes nearest to the system CUDA that was used."""

from __future__ import annotations

from envsnap.errors import InputError
from envsnap.image.facts import Facts, captured_system, major_minor, numbers
from envsnap.image.planning import images, standalone
from envsnap.image.planning.cuda_use import CudaNeed
from envsnap.image.records import Certainty, Decision

LARGEST_POINT = 9  # 12.4.1 is a release; 12.4.127 is how its parts number themselves
LATER = 1000
POINT = 2  # where X.Y.Z holds its point release


def choose_tag(
    facts: Facts, need: CudaNeed, ubuntus: tuple[str, ...]
) -> tuple[images.CudaTag, tuple[Decision, ...]]:
    """Choose the tag for a need among the Ubuntu releases that can hold the captured Python."""
    major = need.version.split(".")[0]
    fitting = [
        tag
        for tag in images.cuda_tags()
        if tag.cuda.split(".")[0] == major
        and tag.ubuntu in ubuntus
        and facts.architecture in tag.architectures
    ]
    if not fitting:
        raise InputError(
            f"cuda: no listed nvidia/cuda image of CUDA {major} fits {facts.architecture} and"
            f" Python {facts.python}, with an OpenSSL that is still maintained; take another release of"
            f" Python ({', '.join(standalone.nearest(facts.python or '')[:3]) or 'none is near'}), --base slim"
            " where the wheels bring CUDA, or name a base with --base IMAGE"
        )
    tag = min(fitting, key=lambda tag: _distance(facts, need, tag))
    return tag, (_for_tag(need, tag), *_for_cudnn(need, tag), _for_system(facts, tag))


def _distance(facts: Facts, need: CudaNeed, tag: images.CudaTag) -> tuple[int, ...]:
    """Order tags: cuDNN, CUDA X.Y, flavor, Ubuntu release, then the newest point release."""
    point = numbers(tag.cuda)[POINT]
    return (
        tag.cudnn != need.cudnn,
        _minor_distance(need.version, tag.cuda),
        _flavor_distance(need.flavor, tag.flavor),
        *_system_distance(facts, tag.ubuntu),
        -point,
    )


def _minor_distance(wanted: str, offered: str) -> int:
    """Same X.Y first, then the next newer, then the next older; X alone takes the newest."""
    minor = numbers(offered)[1]
    if "." not in wanted:
        return LATER - minor
    apart = minor - numbers(wanted)[1]
    return apart if apart >= 0 else LATER - apart


def _flavor_distance(wanted: str, offered: str) -> int:
    """The same flavor, then a larger one that contains it, then a smaller one."""
    apart = images.FLAVORS.index(offered) - images.FLAVORS.index(wanted)
    return apart if apart >= 0 else 10 - apart


def _system_distance(facts: Facts, ubuntu: str) -> tuple[int, int]:
    """The captured release, then the nearest with a glibc that is not older, then the newest."""
    offered = numbers(images.ubuntu(ubuntu).glibc)
    if facts.os_id == "ubuntu" and facts.os_version == ubuntu:
        return 0, 0
    if facts.glibc is None or offered < numbers(facts.glibc):
        return 2, -offered[1]
    return 1, offered[1]


def _for_tag(need: CudaNeed, tag: images.CudaTag) -> Decision:
    certainty, note = _cuda_certainty(need, tag)
    if need.flavor != tag.flavor:
        certainty, note = "nearest", f"{note}; no {need.flavor} tag of it is listed"
    if not tag.supported:
        seen = "in May 2026 it was still there" if tag.seen else "it may be gone"
        note = f"{note}; listed but no longer supported by NVIDIA, {seen}"
    return Decision(
        subject="base", choice=tag.reference, why=f"{need.why}; {note}", certainty=certainty
    )


def _cuda_certainty(need: CudaNeed, tag: images.CudaTag) -> tuple[Certainty, str]:
    parts = numbers(need.version)
    if major_minor(need.version) != major_minor(tag.cuda):
        return "nearest", f"CUDA {need.version} is needed, {tag.cuda} is the nearest that fits"
    if need.version in (tag.cuda, tag.cudart):
        return "exact", f"CUDA {need.version} was captured"
    if len(parts) > POINT and parts[POINT] > LARGEST_POINT and tag.cudart is None:
        return "nearest", f"{need.version} was captured; what {tag.cuda} holds is not known"
    if len(parts) > POINT:
        return "nearest", f"{need.version} was captured, {tag.cuda} is the newest of its X.Y"
    return "nearest", f"{tag.cuda} is the newest release of CUDA {need.version}"


def _for_cudnn(need: CudaNeed, tag: images.CudaTag) -> tuple[Decision, ...]:
    if need.cudnn is None:
        return ()
    certainty: Certainty = "unknown"
    why = f"no listed image of this CUDA has cuDNN {need.cudnn}"
    if tag.cudnn == need.cudnn:
        certainty = "nearest"
        why = f"cuDNN {need.cudnn} is needed; its minor version is the image's"
    choice = tag.cudnn or "none"
    return (Decision(subject="cuda.cudnn", choice=choice, why=why, certainty=certainty),)


def _for_system(facts: Facts, tag: images.CudaTag) -> Decision:
    glibc = images.ubuntu(tag.ubuntu).glibc
    exact = facts.os_id == "ubuntu" and facts.os_version == tag.ubuntu
    captured = f"{captured_system(facts)} with glibc {facts.glibc or 'unknown'}"
    why = f"captured {captured}; the image has {glibc}"
    return Decision(
        subject="system.os",
        choice=f"ubuntu {tag.ubuntu}",
        why="the captured release" if exact else why,
        certainty="exact" if exact else "nearest",
    )
