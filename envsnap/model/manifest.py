"""The manifest: one environment at one time."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from envsnap.model.compute import Codecs, Cuda, Driver, Frameworks, Gpus, Rocm
from envsnap.model.fields import Record, Section
from envsnap.model.host import EnvVars, Git, Identity, Process, System, Tools
from envsnap.model.inputs import Configs, DataFolders, Determinism, Files, Seeds, Weights
from envsnap.model.notebook import Shown
from envsnap.model.python import Packages, Python
from envsnap.model.wanted import Wanted

SCHEMA_VERSION = 1
SCHEMA_REVISION = 2


class Sections(Record, frozen=True, kw_only=True):
    """The parts of a manifest, in the order reports show them."""

    python: Python | UnsetType = UNSET
    packages: Packages | UnsetType = UNSET
    wanted: Wanted | UnsetType = UNSET
    frameworks: Frameworks | UnsetType = UNSET
    codecs: Codecs | UnsetType = UNSET
    cuda: Cuda | UnsetType = UNSET
    driver: Driver | UnsetType = UNSET
    rocm: Rocm | UnsetType = UNSET
    gpus: Gpus | UnsetType = UNSET
    system: System | UnsetType = UNSET
    env_vars: EnvVars | UnsetType = UNSET
    tools: Tools | UnsetType = UNSET
    git: Git | UnsetType = UNSET
    configs: Configs | UnsetType = UNSET
    weights: Weights | UnsetType = UNSET
    data: DataFolders | UnsetType = UNSET
    files: Files | UnsetType = UNSET
    seeds: Seeds | UnsetType = UNSET
    determinism: Determinism | UnsetType = UNSET
    process: Process | UnsetType = UNSET
    identity: Identity | UnsetType = UNSET


class Target(Record, frozen=True, kw_only=True):
    """Where the probe ran."""

    kind: Annotated[
        str,
        Meta(
            description="interpreter, process, program (in process), run (a command that was "
            "observed), container, image, ssh, slurm, pod, ray, dask, file (facts) or report "
            "(of another tool)."
        ),
    ]
    name: Annotated[
        str | UnsetType, Meta(description="The target itself: a path, a process id, a file name.")
    ] = UNSET


class Manifest(Shown, Struct, frozen=True, kw_only=True):
    """The JSON document that describes one environment at one time."""

    schema_version: Annotated[
        int, Meta(ge=1, description="A reader refuses a version newer than its own.")
    ]
    schema_revision: Annotated[
        int, Meta(ge=0, description="Counts compatible additions to this version.")
    ]
    envsnap_version: Annotated[str, Meta(description="The envsnap that wrote this.")]
    created_at: Annotated[
        str | None, Meta(description="UTC time of capture, RFC 3339; null where it is not known.")
    ]
    label: Annotated[str | None, Meta(description="The user's name for this environment.")]
    target: Target
    fingerprint: Annotated[str, Meta(description="SHA-256 over the digests of all sections.")]
    sealed: Annotated[
        str | UnsetType,
        Meta(
            description="UTC time at which digests were written anew over a manifest that was "
            "cut or edited by hand."
        ),
    ] = UNSET
    sections: Sections

    def __repr__(self) -> str:
        """Short: whole manifests fill screens."""
        named = f"{self.label!r}, " if self.label else ""
        sections = ", ".join(present(self.sections))
        return f"<Manifest {named}{self.fingerprint[:19]}, {sections}>"


def present(sections: Sections) -> dict[str, Section]:
    """Return the sections that a manifest has, by name, in order."""
    found = {}
    for name in Sections.__struct_fields__:
        section = getattr(sections, name)
        if section is not UNSET:
            found[name] = section
    return found
