"""An image's requirements on the host are not met."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envsnap.knowledge.drivers import newest_cuda
from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.reading import gpus, stated, variable
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Comparison, Rule

CONDITION = re.compile(r"(cuda|driver|arch|brand)(>=|<=|!=|=|>|<)([\w.]+)")
LONGEST = 4000
DATA_CENTER = re.compile(r"Tesla|\b(?:[AHBLTVP]\d{1,3}S?|GH200|GB[23]00)\b(?! Laptop)")
REFERENCE = "NVIDIA/cloud-native-docs container-toolkit/docker-specialized.md"


class RequireCuda(Rule):
    """The image asks for a newer driver or another GPU than the host has.

    Images of nvidia/cuda carry NVIDIA_REQUIRE_CUDA, a list of alternatives (separated by spaces) of
    conditions that must hold together (separated by commas) on cuda, driver, arch and brand. The
    NVIDIA container runtime does not start the container where none holds: "unsatisfied condition:
    cuda>=12.8". The list differs between images of one tag, so the one in the environment is
    evaluated, never a remembered one. When two manifests are compared, the reference's list is also
    checked against the other side's driver and GPUs.

    Fix: update the driver, use an image for an older CUDA, or set NVIDIA_DISABLE_REQUIRE=true if
    minor-version mode is enough.
    """

    id = "require-cuda"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Hold an environment's list against its own host."""
        yield from self._judge(manifest, manifest)

    def compare(self, comparison: Comparison) -> Iterator[Finding]:
        """Hold both lists against the other side's host, unless the reference's host fails, too."""
        known = [found.message for found in self._judge(comparison.reference, comparison.reference)]
        seen = set(known)
        for image in (comparison.other, comparison.reference):
            for found in self._judge(image, comparison.other):
                if found.message not in seen:
                    seen.add(found.message)
                    yield found

    def _judge(self, image: Manifest, host: Manifest) -> Iterator[Finding]:
        wanted = variable(image, "NVIDIA_REQUIRE_CUDA")
        off = (variable(image, "NVIDIA_DISABLE_REQUIRE") or "").lower() in ("1", "true")
        if not wanted or off or len(wanted) > LONGEST:
            return
        facts = host_facts(host)
        verdicts = [_holds(alternative, facts) for alternative in wanted.split()]
        if not verdicts or any(verdict is not False for verdict in verdicts):
            return  # one holds, or what it asks about is not known
        yield Finding(
            rule=self.id,
            severity=Severity.ERROR,
            effect=Effect.CRASH,
            confidence=Confidence.LIKELY,
            path=("driver", "version"),
            message=f"the host does not meet the image's NVIDIA_REQUIRE_CUDA ({wanted.split()[0]})",
            why=f"The host has {', '.join(f'{key} {value}' for key, value in facts.items())}; "
            f"no alternative holds.",
            fix="Update the driver, or use an image for an older CUDA.",
            source=REFERENCE,
            expected=wanted[:200],
            cites=(("env_vars", "NVIDIA_REQUIRE_CUDA"),),
        )


def host_facts(host: Manifest) -> dict[str, str]:
    """What conditions may ask about, as far as it is known."""
    found = {"driver": stated(host, "driver", "version"), "cuda": stated(host, "cuda", "driver")}
    for gpu in gpus(host).values():
        if isinstance(gpu.compute_capability, str):
            found["arch"] = gpu.compute_capability
        found["brand"] = _brand(gpu.name) if isinstance(gpu.name, str) else None
        break
    if found["cuda"] is None and isinstance(found["driver"], str):
        found["cuda"] = newest_cuda(found["driver"])
    return {key: value for key, value in found.items() if isinstance(value, str)}


def _brand(name: str) -> str | None:
    """The brand as the container runtime calls it; None where the name does not tell."""
    for word in ("GeForce", "TITAN", "Quadro"):
        if word.lower() in name.lower():
            return word.lower()
    return "tesla" if DATA_CENTER.search(name) else None


def _holds(alternative: str, facts: dict[str, str]) -> bool | None:
    """Whether all conditions of an alternative hold; None where that is not known."""
    unknown = False
    for text in alternative.split(","):
        match = CONDITION.fullmatch(text)
        if match is None or match[1] not in facts:
            unknown = True
        elif not _compare(facts[match[1]], match[2], match[3]):
            return False
    return None if unknown else True


def _compare(have: str, operator: str, want: str) -> bool:
    if not (numbers(have) and numbers(want)):
        return (have == want) is (operator == "=")
    wanted = numbers(want)
    # `driver=470` names a branch: only as many parts as the condition has are compared.
    had = numbers(have)[: len(wanted)] if operator in ("=", "!=") else numbers(have)
    results = {
        "=": had == wanted,
        "!=": had != wanted,
        ">=": had >= wanted,
        "<=": had <= wanted,
        ">": had > wanted,
        "<": had < wanted,
    }
    return results[operator]
