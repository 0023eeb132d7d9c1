"""Every format, one line each, in the order in which they are asked.

The order is the precedence: what only one program writes comes before what looks like many
things. A format is loaded only when a file is no manifest and no probe's answer.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from msgspec import Struct

from envsnap.errors import InputError, UnrelatedError
from envsnap.intake.formats import refusal, runs, segments, stamps, transcript
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import FolderFormat, Format, RefusedError
from envsnap.intake.formats.source import LARGEST_AROUND, Source
from envsnap.wording import counted, few


class Entry(Struct, frozen=True):
    """A line of the registry."""

    module: str
    title: str

    def load(self) -> Format:
        """Import the format's module."""
        return cast("Format", import_module(f"envsnap.intake.formats.{self.module}"))

    def load_folder(self) -> FolderFormat:
        """Import the module of a format that reads folders."""
        return cast("FolderFormat", import_module(f"envsnap.intake.formats.{self.module}"))


FORMATS = (
    Entry("lfs_pointer", "Git LFS pointers"),
    Entry("onnx_model", "ONNX models"),
    Entry("pip_inspect", "pip inspect"),
    Entry("cyclonedx", "CycloneDX (JSON)"),
    Entry("spdx", "SPDX (JSON)"),
    Entry("docker_inspect", "docker inspect"),
    Entry("wandb_metadata", "wandb-metadata.json (W&B)"),
    Entry("model_config", "a model's config.json, generation_config.json, tokenizer_config.json …"),
    Entry("kubernetes", "Kubernetes: pods and what makes them, manifests and live objects"),
    Entry("pip_json", "pip list --format json"),
    Entry("pipdeptree", "pipdeptree: text, JSON"),
    Entry("conda_list", "conda list: table, JSON, --explicit, --export"),
    Entry("pipfile_lock", "Pipfile.lock"),
    Entry("pylock_toml", "pylock.toml (PEP 751)"),
    Entry("pyproject_toml", "pyproject.toml, Poetry's too"),
    Entry("pipfile", "Pipfile"),
    Entry("uv_lock", "uv.lock"),
    Entry("poetry_lock", "poetry.lock"),
    Entry("pdm_lock", "pdm.lock"),
    Entry("nvidia_smi_xml", "nvidia-smi -q -x"),
    Entry("torch_report", "collect_env of PyTorch and vLLM"),
    Entry("sglang_env", "sglang.check_env, flashinfer's report"),
    Entry("flashinfer_config", "flashinfer show-config"),
    Entry("mmengine_env", "mmengine's and mmcv's environment"),
    Entry("detectron2_env", "detectron2's collect_env"),
    Entry("ds_report", "ds_report (DeepSpeed)"),
    Entry("jax_report", "jax.print_environment_info()"),
    Entry("lightning_report", "Lightning's collect_env_details"),
    Entry("tensorflow_report", "tf_env_collect.sh (TensorFlow)"),
    Entry("huggingface_env", "transformers env, accelerate env, diffusers-cli env and their kin"),
    Entry("show_versions", "show_versions() of pandas, xarray, scikit-learn and polars"),
    Entry("session_info", "session_info.show()"),
    Entry("watermark", "watermark (IPython)"),
    Entry("nvidia_smi_query", "nvidia-smi -q, nvidia-smi -L"),
    Entry("nvidia_smi", "nvidia-smi"),
    Entry("nvidia_smi_csv", "nvidia-smi --query-gpu --format=csv"),
    Entry("rocm_smi", "rocm-smi"),
    Entry("rocminfo", "rocminfo"),
    Entry("amd_smi", "amd-smi static, amd-smi list: text, JSON"),
    Entry("uname", "uname -a"),
    Entry("lscpu", "lscpu"),
    Entry("nvcc", "nvcc --version"),
    Entry("driver_version", "/proc/driver/nvidia/version"),
    Entry("printenv", "env, printenv"),
    Entry("os_release", "os-release"),
    Entry("env_file", ".env and its kin"),
    Entry("sbatch", "batch scripts of Slurm"),
    Entry("dockerfile", "Dockerfiles"),
    Entry("triton_config", "Triton's config.pbtxt"),
    Entry("mlflow_model", "MLmodel (MLflow)"),
    Entry("compose", "Compose files"),
    Entry("cog_yaml", "cog.yaml (Cog)"),
    Entry("bentofile", "bentofile.yaml (BentoML)"),
    Entry("ray_runtime_env", "Ray's runtime_env: YAML, JSON"),
    Entry("pixi_lock", "pixi.lock, conda-lock.yml"),
    Entry("conda_environment", "environment.yml, conda env export"),
    Entry("poetry_show", "poetry show"),
    Entry("pip_list", "pip list, uv pip list"),
    Entry("package_table", "tables of packages in Markdown; pdm list"),
    Entry("pip_show", "pip show, uv pip show"),
    Entry("pip_freeze", "pip freeze"),
    Entry("pip_install_log", "what pip install and uv pip install print"),
    Entry("requirements_txt", "requirements files"),
)
FOLDERS = (
    Entry("mlflow_folder", "the folder of an MLflow model"),
    Entry("wandb_folder", "the files of a W&B run"),
    Entry("model_folder", "a model's folder, also in the hub's cache"),
)
# What is found wherever it stands in a text, by words that nothing else has.
ANYWHERE = ("torch_report", "nvidia_smi", "nvcc", "pip_list")
BY_LINES = ("pip_freeze", "requirements_txt", "os_release")
# What a project asks for, and with which variables: in a folder it stands behind a lock or a list.
BEHIND = ("pyproject_toml", "pipfile", "cog_yaml", "bentofile", "ray_runtime_env", "env_file")
# What they tell is the machine's, whatever environment they ran in.
OF_HOSTS = (
    "nvidia_smi", "nvidia_smi_query", "nvidia_smi_xml", "nvidia_smi_csv", "rocm_smi", "rocminfo", "amd_smi", "uname",
    "lscpu", "driver_version", "os_release", "printenv", "nvcc",
)  # fmt: skip
WITH_LSCPU = ("torch_report", "sglang_env")  # they hold its output themselves
MOST_SOURCES = 4
LARGEST_TEXT = 16 << 20  # what is larger, and neither JSON nor ONNX, is a log
LARGE = (
    "onnx_model",
    "pip_inspect",
    "pip_json",
    "pipdeptree",
    "cyclonedx",
    "spdx",
    "docker_inspect",
)


def read(source: Source) -> Draft | None:
    """Return what a foreign file states; None for what no format knows.

    Raises RefusedError for a known file that cannot be believed.
    """
    if len(source.data) > LARGEST_TEXT:
        known = [entry for entry in FORMATS if entry.module in LARGE]
        large = next((entry for entry in known if entry.load().recognise(source)), None)
        return None if large is None else large.load().read(source)
    _refuse_several(source)
    for variant in source.variants():
        entry = recognised(variant)
        if entry is not None:
            draft = entry.load().read(variant)
            _take_others(draft, entry, variant)
            return draft
    return _of_parts(source)


def _refuse_several(source: Source) -> None:
    """Refuse what several machines, ranks or environments printed: as one it would be a false statement."""
    if len(source.text) > LARGEST_AROUND:
        return
    told = stamps.sources(source.plain)
    if told:
        raise RefusedError(
            f"{source.name}: holds lines of {counted(len(told), 'source')} between each other"
            f" ({_named(told)}), which list other releases; put one source's lines into a file of its own"
        )
    ran = [
        (place, entry.module)
        for place, part in transcript.places(source)
        if (entry := recognised(part)) is not None
    ]
    hosts = dict.fromkeys(place.host for place, _ in ran if place.host)
    envs = dict.fromkeys(place.env for place, module in ran if place.env and module not in OF_HOSTS)
    for what, names in (("hosts or containers", hosts), ("environments", envs)):
        if len(names) > 1:
            raise RefusedError(
                f"{source.name}: holds what commands printed in several {what} ({_named(tuple(names))});"
                " put one's lines into a file of its own"
            )


def _named(names: tuple[str, ...]) -> str:
    return few([name[:40] for name in names], MOST_SOURCES)


def _of_parts(source: Source) -> Draft | None:
    """What the blocks of a text state, or what stands between its sentences."""
    found = _known(source.blocks()) or _known(source.documents())
    found = found or _known(transcript.outputs(source)) or _known(runs.of(source))
    copied = not found
    found = found or _known(_between(source))
    joined = _joined(found)
    if joined is not None:
        joined.leave("the text around them", beside=True)
        return joined
    if len(found) > 1:
        kinds = ", ".join(entry.title for entry, _ in found)
        raise RefusedError(
            f"{source.name}: holds {len(found)} texts that envsnap reads ({kinds}); put the one"
            " that you mean into a file of its own"
        )
    if not found:
        return None
    entry, part = found[0]
    draft = entry.load().read(part)
    if copied and entry.module in BY_LINES:
        draft.open()  # a list that somebody copied may be a part of one
    draft.leave("the text around it", beside=True)
    return draft


def _between(source: Source) -> tuple[Source, ...]:
    """What stands between sentences, if it is more than a few words: those are no list of packages."""
    part = source.between()
    if part is None:
        return ()
    entry = recognised(part)
    if entry is None or (entry.module in BY_LINES and not _is_versioned(part)):
        return ()
    return (part,)


def _is_versioned(source: Source) -> bool:
    told = [line for line in source.lines if line.strip() and not line.startswith(("#", "-", " "))]
    return len(told) > 1 and sum("=" in line for line in told) * 2 > len(told)


def _known(parts: tuple[Source, ...]) -> list[tuple[Entry, Source]]:
    return [(entry, part) for part in parts if (entry := recognised(part)) is not None]


def _joined(found: list[tuple[Entry, Source]]) -> Draft | None:
    """Several blocks that speak of one machine, as one; None where they contradict one another."""
    if len(found) < 2:
        return None
    drafts = [draft for entry, part in found if (draft := _tried(entry, part)) is not None]
    if len(drafts) < len(found):
        return None
    whole, *others = drafts
    for draft in others:
        if not whole.agrees(draft):
            return None
        whole.join(draft)
    return whole


def _tried(entry: Entry, part: Source) -> Draft | None:
    try:
        draft = entry.load().read(part)
    except RefusedError:
        return None
    if entry.module in BY_LINES:
        draft.open()  # a list that somebody copied may be a part of one
    return draft


def _take_others(draft: Draft, entry: Entry, source: Source) -> None:
    """Read what else a text holds, if it may speak of the same machine; count it otherwise.

    It stands between fences, below a command that somebody typed, or is told by its own looks.
    """
    for other, block in _further(source):
        if other is entry or (entry.module in WITH_LSCPU and other.module == "lscpu"):
            continue
        if (entry.module, other.module) == ("requirements_txt", "pip_freeze"):
            continue  # its own lines, once more
        found = _tried(other, block)
        if found is not None and draft.agrees(found):
            if not draft.holds(found):
                draft.join(found)
        else:
            draft.leave(f"a block that holds {other.title}")


def _further(source: Source) -> list[tuple[Entry, Source]]:
    """Blocks between fences, below commands, and what is told by its own looks."""
    fenced = source.blocks() if "```" in source.text or "~~~" in source.text else ()
    parts = _known((*fenced, *transcript.outputs(source)))
    known = {other.module for other, _ in parts}
    parts += [item for item in _known(runs.of(source)) if item[0].module not in known]
    known.update(other.module for other, _ in parts)
    parts += [item for item in _known(segments.of(source)) if item[0].module not in known]
    known.update(other.module for other, _ in parts)
    parts += [
        (other, source)
        for other in FORMATS
        if other.module in ANYWHERE and other.module not in known and other.load().recognise(source)
    ]
    return parts


def recognised(source: Source) -> Entry | None:
    """The first format that knows a text."""
    return next((entry for entry in FORMATS if entry.load().recognise(source)), None)


def refuse(source: Source) -> InputError:
    """Why a file is not read: what it looks like, and the way forward."""
    kind = UnrelatedError if refusal.is_unrelated(source) else RefusedError
    return kind(f"{source.name}: {refusal.reason(source)}")
