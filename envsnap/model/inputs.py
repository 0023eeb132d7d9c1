"""What the user gives the model: config files, weights, data, seeds, determinism switches."""

from typing import Annotated, Any, TypeAlias

from msgspec import UNSET, UnsetType

from envsnap.model.fields import (
    Flag,
    Record,
    Section,
    Text,
    TextMap,
    Texts,
    Whole,
    host,
    location,
    portable,
)

SeenBy: TypeAlias = Annotated[
    Texts,
    location(
        "Who saw a run open it: audit (Python code), loader (a native loader), maps (it was mapped"
        " at the end), inotify (whoever opened it).",
        since=1,
    ),
]


class Config(Record, frozen=True, kw_only=True):
    """A config file. Redacted values are missing from `tree` and have a gap."""

    tree: Annotated[
        Any, portable("Parsed content; scalars of YAML, INI and .env files are text.")
    ] = UNSET
    sha256: Annotated[Text, portable("SHA-256 of the file.")] = UNSET
    size: Annotated[Whole, location("Size in bytes.")] = UNSET
    format: Annotated[Text, location("yaml, toml, json, ini or env.")] = UNSET
    path: Annotated[Text, location("Path as given.")] = UNSET
    resolved: Annotated[Text, location("Path after following links.")] = UNSET
    texts: Annotated[
        TextMap,
        location(
            "Texts in quotes that would be a number, a switch or nothing without them, by their place"
            " in `tree`. The rule config-type compares them.",
            since=2,
        ),
    ] = UNSET
    seen_by: SeenBy = UNSET


class Configs(Section, frozen=True, kw_only=True):
    """Config files by the name the user gave."""

    entries: dict[str, Config] | UnsetType = UNSET


class Tensor(Record, frozen=True, kw_only=True):
    """A tensor's type and shape."""

    dtype: Annotated[Text, portable("Data type, as the file names it.")] = UNSET
    shape: Annotated[tuple[int, ...] | UnsetType, portable("Sizes of its dimensions.")] = UNSET


class Weight(Record, frozen=True, kw_only=True):
    """A weight file."""

    sha256: Annotated[Text, portable("SHA-256 of the file.")] = UNSET
    size: Annotated[Whole, portable("Size in bytes.")] = UNSET
    format: Annotated[Text, portable("safetensors, torch-zip, or pickle (by digest only).")] = UNSET
    tensor_count: Annotated[Whole, portable("Number of tensors.")] = UNSET
    tensors_sha256: Annotated[
        Text, portable("SHA-256 over names, dtypes and shapes of its tensors.")
    ] = UNSET
    tensors: Annotated[
        dict[str, Tensor] | UnsetType, portable("Tensors by name; left out above 20,000.")
    ] = UNSET
    pointer: Annotated[
        Text,
        location(
            "What stands in the file's place: git-lfs. Digest and size are those of the file that"
            " it points to.",
            since=2,
        ),
    ] = UNSET
    damage: Annotated[
        Text, portable("Why the file is damaged, or not of the type that its name says.")
    ] = UNSET
    foreign_symbols: Annotated[
        Texts, portable("Code that unpickling this checkpoint would call.")
    ] = UNSET
    written_by: Annotated[
        TextMap, portable("Distributions that wrote a pickle, as it states itself.", since=1)
    ] = UNSET
    repository: Annotated[
        Text, location("Repository of the Hugging Face hub that it is from.", since=2)
    ] = UNSET
    revision: Annotated[
        Text,
        location("Commit of that repository, as the cache or the download states it.", since=2),
    ] = UNSET
    path: Annotated[Text, location("Path as given.")] = UNSET
    resolved: Annotated[Text, location("Path after following links.")] = UNSET
    seen_by: SeenBy = UNSET


class Weights(Section, frozen=True, kw_only=True):
    """Weight files by the name the user gave."""

    entries: dict[str, Weight] | UnsetType = UNSET


class Data(Record, frozen=True, kw_only=True):
    """A folder of data, by the names of its files; what they hold is not read."""

    files: Annotated[Whole, portable("Number of files.", since=1)] = UNSET
    bytes: Annotated[Whole, portable("Size of all files in bytes.", since=1)] = UNSET
    names_sha256: Annotated[
        Text, portable("SHA-256 over the sorted names and sizes of the files.", since=1)
    ] = UNSET
    order_sha256: Annotated[
        Text,
        host(
            "SHA-256 over the names as the file system lists them: code that does not sort them"
            " sees this order.",
            since=1,
        ),
    ] = UNSET
    path: Annotated[Text, location("Path as given.", since=1)] = UNSET
    resolved: Annotated[Text, location("Path after following links.", since=1)] = UNSET


class DataFolders(Section, frozen=True, kw_only=True):
    """Folders of data by the name the user gave."""

    entries: dict[str, Data] | UnsetType = UNSET


class OpenedFile(Record, frozen=True, kw_only=True):
    """A data file that a run opened for reading."""

    sha256: Annotated[Text, portable("SHA-256 of the file.", since=1)] = UNSET
    size: Annotated[Whole, portable("Size in bytes.", since=1)] = UNSET
    path: Annotated[Text, location("Path as opened.", since=1)] = UNSET
    resolved: Annotated[Text, location("Path after following links.", since=1)] = UNSET
    seen_by: SeenBy = UNSET


class FileGroup(Record, frozen=True, kw_only=True):
    """Files that a run opened and that are not listed one by one."""

    sha256: Annotated[
        Text,
        portable("SHA-256 over their names and digests; for data, over names and sizes.", since=1),
    ] = UNSET
    files: Annotated[Whole, location("Number of files.", since=1)] = UNSET
    seen_by: SeenBy = UNSET


class Listing(Record, frozen=True, kw_only=True):
    """A folder whose names a run asked for; those that the run made are left out."""

    names: Annotated[Whole, location("Number of names.", since=2)] = UNSET
    sha256: Annotated[Text, location("SHA-256 over the sorted names.", since=2)] = UNSET
    order_sha256: Annotated[
        Text, location("SHA-256 over the names as the file system lists them.", since=2)
    ] = UNSET


class Files(Section, frozen=True, kw_only=True):
    """Data files that a run opened, by name; configs and weights have sections of their own."""

    entries: dict[str, OpenedFile] | UnsetType = UNSET
    groups: Annotated[
        dict[str, FileGroup] | UnsetType,
        portable(
            "What is not listed: code of the project, library (installed code and shared objects),"
            " system, data beyond a limit, made (what the run itself wrote before it read it).",
            since=1,
        ),
    ] = UNSET
    listed: Annotated[
        dict[str, Listing] | UnsetType,
        location("Folders whose names the run asked for, by name.", since=2),
    ] = UNSET


class SeedCall(Record, frozen=True, kw_only=True):
    """Calls of one function that seeds a generator, or decides whether results repeat."""

    values: Annotated[
        Texts, portable("What it was given, each once, in order; numbers only.", since=1)
    ] = UNSET
    places: Annotated[Texts, location("File and line of each such call.", since=1)] = UNSET


class Generator(Record, frozen=True, kw_only=True):
    """A random number generator of a run."""

    seeded: Annotated[Flag, portable("Whether it was seeded.", since=1)] = UNSET
    drawn: Annotated[
        Flag,
        portable(
            "Whether a generator was used without a seed, so that no two runs agree.", since=1
        ),
    ] = UNSET


class Seeds(Section, frozen=True, kw_only=True):
    """Seeds by name, and the states of random number generators."""

    entries: Annotated[TextMap, portable("Seeds as `--seed` states them, by name.")] = UNSET
    rng: Annotated[
        TextMap,
        portable("Generator states, as revisions before 2 wrote them; now in identity."),
    ] = UNSET
    torch_initial_seed: Annotated[
        Text, portable("torch.initial_seed() of the running program.")
    ] = UNSET
    calls: Annotated[
        dict[str, SeedCall] | UnsetType,
        portable(
            "Seeds as a run set them, by function; those of other processes after an @: their"
            " rank, or their number in the order in which they began.",
            since=1,
        ),
    ] = UNSET
    generators: Annotated[
        dict[str, Generator] | UnsetType,
        portable("Generators that a run had, by library; other processes as in calls.", since=1),
    ] = UNSET


class Determinism(Section, frozen=True, kw_only=True):
    """Switches of the running program that decide whether and how results repeat."""

    deterministic_algorithms: Annotated[Flag, portable("torch.use_deterministic_algorithms.")] = (
        UNSET
    )
    deterministic_warn_only: Annotated[Flag, portable("Its warn_only.")] = UNSET
    cudnn_enabled: Annotated[Flag, portable("torch.backends.cudnn.enabled.")] = UNSET
    cudnn_deterministic: Annotated[Flag, portable("torch.backends.cudnn.deterministic.")] = UNSET
    cudnn_benchmark: Annotated[Flag, portable("torch.backends.cudnn.benchmark.")] = UNSET
    cudnn_allow_tf32: Annotated[Flag, portable("TF32 in cuDNN convolutions.")] = UNSET
    matmul_allow_tf32: Annotated[Flag, portable("TF32 in CUDA matrix products.")] = UNSET
    matmul_precision: Annotated[Text, portable("torch.get_float32_matmul_precision().")] = UNSET
    fp32_precision: Annotated[Text, portable("torch.backends.fp32_precision.")] = UNSET
    fp16_reduced_precision_reduction: Annotated[Flag, portable("Reduced-precision FP16 sums.")] = (
        UNSET
    )
    bf16_reduced_precision_reduction: Annotated[Flag, portable("Reduced-precision BF16 sums.")] = (
        UNSET
    )
    mkldnn_enabled: Annotated[Flag, portable("torch.backends.mkldnn.enabled.")] = UNSET
    flash_sdp: Annotated[Flag, portable("Flash attention kernel allowed.")] = UNSET
    math_sdp: Annotated[Flag, portable("Plain attention kernel allowed.")] = UNSET
    default_dtype: Annotated[Text, portable("torch.get_default_dtype().")] = UNSET
    threads: Annotated[Whole, host("torch.get_num_threads().")] = UNSET
    interop_threads: Annotated[Whole, host("torch.get_num_interop_threads().")] = UNSET
    tensorflow_tf32: Annotated[Flag, portable("TF32 in TensorFlow.")] = UNSET
    jax_x64: Annotated[Flag, portable("64-bit types in JAX.")] = UNSET
    jax_matmul_precision: Annotated[Text, portable("Default matrix product precision of JAX.")] = (
        UNSET
    )
