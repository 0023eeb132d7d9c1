"""The interpreter and its installed distributions."""

from typing import Annotated

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


class Python(Section, frozen=True, kw_only=True):
    """The interpreter."""

    version: Annotated[Text, portable("Version, for example 3.11.7.")] = UNSET
    implementation: Annotated[Text, portable("CPython, PyPy …")] = UNSET
    build: Annotated[Text, host("Build name and date.")] = UNSET
    compiler: Annotated[Text, host("Compiler that built the interpreter.")] = UNSET
    executable: Annotated[Text, location("Path of the interpreter.")] = UNSET
    prefix: Annotated[Text, location("sys.prefix.")] = UNSET
    base_prefix: Annotated[Text, location("sys.base_prefix.")] = UNSET
    environment: Annotated[Text, location("venv, conda or system.")] = UNSET
    platform: Annotated[Text, portable("sysconfig's platform, for example linux-x86_64.")] = UNSET
    soabi: Annotated[Text, portable("ABI tag of extension modules.")] = UNSET
    bits: Annotated[Whole, portable("Pointer size in bits.")] = UNSET
    debug: Annotated[Flag, portable("Whether this is a debug build.")] = UNSET
    gil: Annotated[Flag, portable("Whether the global interpreter lock is on.")] = UNSET
    optimize: Annotated[Whole, portable("Level of -O; 1 and 2 remove assertions.")] = UNSET
    utf8_mode: Annotated[Flag, portable("Whether UTF-8 mode is on.")] = UNSET
    sys_path: Annotated[Texts, location("Where imports are looked for, in order.")] = UNSET
    path_files: Annotated[
        dict[str, tuple[str, ...]] | UnsetType,
        location(".pth files that add folders to sys.path, and their lines."),
    ] = UNSET
    startup_code: Annotated[
        TextMap,
        portable("What runs at every start (.pth imports, sitecustomize): name and SHA-256."),
    ] = UNSET
    interpreter: Annotated[
        TextMap,
        portable("SHA-256 of the program (executable) and of its libpython, if any.", since=2),
    ] = UNSET
    library: Annotated[
        TextMap,
        portable(
            "SHA-256 over the standard library's code (core), and over parts that distributions"
            " pack on their own (distutils, ensurepip, tkinter …).",
            since=2,
        ),
    ] = UNSET
    loose_modules: Annotated[
        TextMap,
        portable(
            "Modules, packages and .pth files on sys.path that belong to no distribution: name "
            "and SHA-256.",
            since=2,
        ),
    ] = UNSET
    shadows: Annotated[
        TextMap,
        portable(
            "Modules that files of the working folder hide from programs started there.", since=2
        ),
    ] = UNSET
    byte_code: Annotated[
        Texts,
        location(
            "Byte code that Python would run although its source compiles to something else "
            "(--verify-files).",
            since=2,
        ),
    ] = UNSET
    system_site_packages: Annotated[
        Flag,
        portable("Whether a virtual environment sees the packages of its base.", since=2),
    ] = UNSET


class Origin(Record, frozen=True, kw_only=True):
    """Where a distribution was installed from, if not from an index (PEP 610)."""

    url: Annotated[Text, location("Address without credentials and query.")] = UNSET
    vcs: Annotated[Text, portable("Version control system.")] = UNSET
    commit: Annotated[Text, portable("Commit.")] = UNSET
    sha256: Annotated[Text, portable("Digest of the archive it was installed from.")] = UNSET
    subdirectory: Annotated[
        Text, portable("Folder of the project in the repository or archive.", since=2)
    ] = UNSET


class Conda(Record, frozen=True, kw_only=True):
    """What conda records about a package it installed."""

    version: Annotated[Text, portable("Version as conda states it.")] = UNSET
    build: Annotated[Text, portable("Build string.")] = UNSET
    url: Annotated[Text, location("Address of the archive.")] = UNSET
    channel: Annotated[Text, location("Channel it came from.", since=2)] = UNSET
    md5: Annotated[Text, portable("MD5 of the archive, as conda states it.")] = UNSET
    sha256: Annotated[Text, portable("SHA-256 of the archive, as conda states it.")] = UNSET


class Shadowed(Record, frozen=True, kw_only=True):
    """A further distribution of the same name that Python does not import."""

    version: Annotated[Text, portable("Its version.")] = UNSET
    folder: Annotated[Text, location("The folder of sys.path it lies in.")] = UNSET


class Package(Record, frozen=True, kw_only=True):
    """An installed distribution: of several with one name, the one that Python imports."""

    version: Annotated[Text, portable("Version, with its local label.")] = UNSET
    format: Annotated[Text, location("dist-info, egg-info, egg, egg-link or conda.")] = UNSET
    installer: Annotated[Text, location("The program that installed it.")] = UNSET
    requested: Annotated[Flag, location("Whether it was asked for by name.")] = UNSET
    editable: Annotated[Flag, portable("Whether it is an editable install.")] = UNSET
    origin: Annotated[Origin | UnsetType, portable("Where it came from (PEP 610).")] = UNSET
    wheel_tags: Annotated[Texts, portable("Tags of the wheel it was installed from.")] = UNSET
    record_sha256: Annotated[
        Text,
        portable(
            "SHA-256 over the sorted lines of RECORD without byte code, installer's files and"
            " scripts: equal for two installations of one artifact."
        ),
    ] = UNSET
    conda: Annotated[Conda | UnsetType, portable("What conda says of it.")] = UNSET
    shadowed: Annotated[
        tuple[Shadowed, ...] | UnsetType, portable("Other distributions of this name.")
    ] = UNSET
    system_package: Annotated[
        Text,
        portable("Package of dpkg that installed it, as NAME=VERSION.", since=2),
    ] = UNSET
    defects: Annotated[Texts, portable("What is wrong with its metadata.")] = UNSET
    folder: Annotated[Text, location("The folder of sys.path it lies in.")] = UNSET
    requires: Annotated[
        Texts,
        location("What it requires (Requires-Dist), without what only an extra requires.", since=1),
    ] = UNSET
    requires_python: Annotated[
        Text, location("The Python versions it is for (Requires-Python).", since=1)
    ] = UNSET
    altered: Annotated[
        Texts,
        location("Files that differ from RECORD, the first 20 (--verify-files).", since=1),
    ] = UNSET
    altered_count: Annotated[Whole, location("How many files differ from RECORD.", since=1)] = UNSET
    missing: Annotated[
        Texts, location("Files of RECORD that are missing, the first 20 (--verify-files).", since=1)
    ] = UNSET
    missing_count: Annotated[Whole, location("How many files of RECORD are missing.", since=1)] = (
        UNSET
    )
    missing_symbols: Annotated[
        Texts,
        location(
            "Symbols that its files need of torch and the installed torch has not, the first 5.",
            since=2,
        ),
    ] = UNSET
    missing_symbols_count: Annotated[
        Whole, location("How many symbols of torch its files miss.", since=2)
    ] = UNSET
    missing_libraries: Annotated[
        Texts,
        location("Libraries of torch that its files need and the installed torch lacks.", since=2),
    ] = UNSET
    missing_versions: Annotated[
        Texts,
        location(
            "Versions of the C and C++ libraries (GLIBCXX_3.4.32) that its files need and the"
            " system's do not define.",
            since=2,
        ),
    ] = UNSET
    missing_cuda_libraries: Annotated[
        Texts,
        location("Libraries of CUDA that its files need and nothing here has.", since=2),
    ] = UNSET
    links: Annotated[
        Texts,
        location(
            "Libraries that compute or decode (torch, cudart, openblas, jpeg) that its own files"
            " link.",
            since=2,
        ),
    ] = UNSET
    build_label: Annotated[
        Text, portable("Local label (cpu, cu130) that its own version.py states.", since=2)
    ] = UNSET


class Packages(Section, frozen=True, kw_only=True):
    """Installed distributions by canonical name."""

    entries: dict[str, Package] | UnsetType = UNSET
    leftovers: Annotated[
        Texts, location("Remains of interrupted installs (names that start with a tilde).")
    ] = UNSET
    claimed_twice: Annotated[
        dict[str, tuple[str, ...]] | UnsetType,
        portable(
            "Import names whose file several distributions of one folder installed, and which: the"
            " last one installed overwrote the others.",
            since=1,
        ),
    ] = UNSET
    unclaimed: Annotated[
        TextMap,
        location(
            "Files in the folders of distributions that no RECORD lists with this content, and "
            "scripts of a virtual environment: name and SHA-256 (--verify-files).",
            since=2,
        ),
    ] = UNSET
    verified: Annotated[
        Flag, location("Whether files were compared with RECORD (--verify-files).", since=1)
    ] = UNSET
