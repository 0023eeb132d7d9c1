"""What a comparison of two recordings says."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from envsnap.model.notebook import Shown
from envsnap.replay.esr.endings import Count

VERDICT_VERSION = 2

State = Literal["same", "noise", "differs", "diverged", "undecided", "unknown"]
Judgement = Literal["equal", "noise", "fault", "undecided", "follows", "unjudged"]


class Rung(Struct, frozen=True, kw_only=True):
    """One step of the ladder, and what it found."""

    name: Literal[
        "environment", "contract", "inputs", "weights", "structure", "layers", "kernels",
        "outputs", "latency", "drift", "calls", "stages", "around", "printed", "files",
    ]  # fmt: skip
    state: State
    summary: str
    details: tuple[str, ...] = ()


class Layer(Struct, frozen=True, kw_only=True):
    """One call of one layer."""

    name: str
    nth: int
    type: str
    judgement: Judgement
    alone: Annotated[
        bool, Meta(description="Judged by itself on the recorded input, not as part of the run.")
    ]
    difference: Annotated[
        float | None, Meta(description="Relative length of the difference of the results.")
    ] = None
    ratio: Annotated[
        float | None, Meta(description="The difference over the layer's own rounding error.")
    ] = None
    limit: Annotated[float, Meta(description="A larger ratio is a fault.")] = 8.0
    why: str = ""

    @property
    def title(self) -> str:
        """The layer's name, with the number of the call where it is not the first."""
        return (self.name or "(the model)") + (f"#{self.nth}" if self.nth else "")


Speed = Literal["slower", "not slower", "not enough requests"]


class Quantile(Struct, frozen=True, kw_only=True):
    """One quantile of the seconds of a call, and the interval of the ratio (95 %)."""

    share: float
    golden: float
    other: float
    low: float
    high: float
    verdict: Speed


class Latency(Struct, frozen=True, kw_only=True):
    """Repeated calls; pairs are of the golden and the other run."""

    threshold: float
    quantiles: tuple[Quantile, ...]
    requests: tuple[int, int]
    errors: tuple[int, int]
    error_bounds: Annotated[
        tuple[float, float], Meta(description="Error rates not exceeded with 95 % certainty.")
    ]
    verdict: Speed


Why = Literal["distribution", "mean", "missing"]


class Shift(Struct, frozen=True, kw_only=True):
    """One feature of two data sets; pairs are of the golden and the other one."""

    name: str
    distance: Annotated[float, Meta(description="Of Kolmogorov and Smirnov, 0 to 1.")]
    moved: Annotated[float, Meta(description="Shift of the mean in standard deviations.")]
    means: tuple[float, float]
    missing: Annotated[tuple[float, float], Meta(description="Shares of missing values.")]
    counts: tuple[int, int]
    chance: Annotated[float, Meta(description="The smallest p-value, after correction.")]
    why: tuple[Why, ...]


class Drift(Struct, frozen=True, kw_only=True):
    """What two data sets say of each other."""

    features: int
    certainty: Annotated[float, Meta(description="Corrected p-values below it count.")]
    drifted: tuple[Shift, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...]
    fewest: Annotated[int, Meta(description="Values of the feature that has the fewest.")]
    largest: Annotated[float, Meta(description="The largest distance of any feature.")]


class Side(Struct, frozen=True, kw_only=True):
    """One of the recordings."""

    name: str
    label: str | None
    framework: str | None
    layers: int
    kept: Annotated[bool, Meta(description="Whether inputs of its layers are kept.")]
    notes: tuple[str, ...]
    features: int = 0


class Also(Struct, frozen=True, kw_only=True):
    """A further cause, with its own fix."""

    cause: str
    fix: str


class Compared(Struct, frozen=True, kw_only=True):
    """How much of one model was compared: calls that were looked into, and all others."""

    root: str
    detailed: Count
    calls: Annotated[tuple[Count, Count], Meta(description="How often it was called in each run.")]
    further: Annotated[str, Meta(description="What the digests of further calls show.")] = ""
    apart: Annotated[
        str, Meta(description="Calls that only one run makes, or makes otherwise, without effect.")
    ] = ""


class Verdict(Shown, Struct, frozen=True, kw_only=True):
    """Whether two runs are the same, where they part, why, and why not."""

    verdict_version: int
    envsnap_version: str
    outcome: Literal["same", "equivalent", "diverged", "undecided"]
    bits: Annotated[bool, Meta(description="Whether every compared tensor has the same bits.")]
    golden: Side
    other: Side
    call: Annotated[int, Meta(ge=0, description="The call that this is about, from 0.")] = 0
    rungs: tuple[Rung, ...]
    first: Annotated[Layer | None, Meta(description="The first layer that diverges.")]
    place: Annotated[str, Meta(description="Where the runs diverge, if it is not in a layer.")]
    layers: tuple[Layer, ...]
    cause: str
    fix: str
    also: Annotated[tuple[Also, ...], Meta(description="Further causes.")] = ()
    not_the_cause: tuple[str, ...]
    compared: tuple[Compared, ...] = ()
    masked: Annotated[str, Meta(description="What of the output was not compared, and why.")] = ""
    latency: Latency | None = None
    drift: Drift | None = None

    @property
    def exit_code(self) -> int:
        """0 same or equivalent, 1 diverged, 6 undecided."""
        return {"same": 0, "equivalent": 0, "diverged": 1, "undecided": 6}[self.outcome]
