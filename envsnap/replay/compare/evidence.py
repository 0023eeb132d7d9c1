"""What the steps of a comparison found on one call, and the answer that follows from it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from envsnap.replay.compare.environment import Environment
from envsnap.replay.compare.facts import Facts
from envsnap.replay.compare.inputs import Found
from envsnap.replay.compare.layers import Judged
from envsnap.replay.compare.model_parts import Structure, Weights
from envsnap.replay.compare.verdict import Also, Latency, Rung
from envsnap.replay.compare.view import View


class Evidence(Struct, frozen=True, kw_only=True):
    """What all rungs found on one call."""

    golden: View
    other: View
    environment: Environment
    contract: Rung
    inputs: Found
    weights: Weights
    structure: Structure
    judged: Judged
    kernels: Rung | None
    facts: Facts
    strict: bool
    latency: Latency | None

    @property
    def failed(self) -> bool:
        """Whether the model raised an exception here and not in the golden run."""
        return self.other.call.raised is not None and self.golden.call.raised is None

    @property
    def bits(self) -> bool:
        """Whether nothing differs in any bit."""
        return self.inputs.same and not self.weights.differ and self.judged.bits


class Answer(Struct, frozen=True, kw_only=True):
    """The outcome, its cause and its fix; `also` are further causes."""

    outcome: Literal["same", "equivalent", "diverged", "undecided"]
    cause: str = ""
    fix: str = ""
    subject: str = ""
    also: tuple[Also, ...] = ()
