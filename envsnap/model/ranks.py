"""Facts of a rank: what a launcher or a scheduler gives each process of one job of its own.

They say which one of equal processes this is, so they stand in `identity` and no comparison
reads them. Manifests of before revision 2 have them among variables and seeds.
"""

import re
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from envsnap.model.fields import Section
from envsnap.model.host import EnvVars
from envsnap.model.inputs import Seeds

# The words that launchers build such names from: SLURM_PROCID, OMPI_COMM_WORLD_RANK,
# MASTER_PORT, SLURMD_NODENAME, POD_IP, VLLM_HOST_IP, NCCL_HOSTID, PMI_RANK. A bare ..._RANK of
# nobody we know (LORA_RANK) is a setting.
RANK = re.compile(
    r"RANK|(?:.*_)?(?:LOCAL|NODE|GROUP|ROLE|GLOBAL|WORLD|CROSS)_?RANK(?:ID)?"
    r"|(?:PMIX?|O?MPI|MV2|PALS|JSM|SLURM|FLUX|HOROVOD)_(?:.*_)?RANK(?:ID)?"
    r"|(?:SLURM|FLUX|PBS|LSB|OMPI|PMIX|SGE)_(?:.*_)?(?:PROCID|LOCALID|NODEID|TASK_?ID|TASK_PID"
    r"|JOB_?ID|STEP_?ID|NODENAME)"
    r"|(?:.*_)?(?:HOSTNAME|HOST_?IP|HOSTID|NODE_?NAME|NODE_?IP|POD_?IP|POD_?NAME)"
    r"|(?:.*_)?(?:MASTER|RDZV|COORDINATOR)_(?:ADDR(?:ESS)?|PORT|ENDPOINT)"
    r"|TORCHELASTIC_.*|SLURMD_NODENAME"
)


def is_rank_fact(variable: str) -> bool:
    """Tell whether a variable only says which process of a job, or which node, this is."""
    return RANK.fullmatch(variable) is not None


def stripped(section: Section, *, run: bool = False) -> Section:
    """The section without facts of a rank; the same object where it has none.

    Generators of a `run` were seeded, or are not listed: there the states are results.
    """
    if isinstance(section, EnvVars) and section.entries is not UNSET:
        kept = {name: text for name, text in section.entries.items() if not is_rank_fact(name)}
        if len(kept) < len(section.entries):
            return replace(section, entries=kept)
    if isinstance(section, Seeds) and section.rng is not UNSET and not run:
        gaps = {path: why for path, why in section.gaps.items() if not path.startswith("rng")}
        return replace(section, rng=UNSET, gaps=gaps)
    return section


def move(tree: dict[str, Any], *, run: bool = False) -> None:
    """Move them, in the plain sections that a probe answered with, to `identity`."""
    variables = tree.get("env_vars", {}).get("entries")
    if isinstance(variables, dict):
        ranks = {name: variables.pop(name) for name in list(variables) if is_rank_fact(name)}
        if ranks:
            _identity(tree)["rank"] = ranks
    seeds = tree.get("seeds", {})
    if "rng" in seeds and not run:
        _identity(tree)["rng"] = seeds.pop("rng")
        gaps = seeds.get("gaps", {})
        for path in [path for path in gaps if path.startswith("rng")]:
            _identity(tree)["gaps"][path] = gaps.pop(path)


def _identity(tree: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = tree.setdefault("identity", {"complete": True, "gaps": {}})
    return found
