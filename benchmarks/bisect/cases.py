"""Planted faults among harmless differences that the command really imports.

Those of the shared collection lie beside the repository; the others are here. Each is a small
program that ends with 0 where it works.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "faults"
OWN = HERE / "faults"
NUMPY = {"numpy": ("1.26.4", "2.2.6")}
BESIDE_PANDAS = {
    "python-dateutil": ("2.9.0.post0", "2.9.0.post0"),
    "tzdata": ("2025.2", "2025.2"),
    "six": ("1.17.0", "1.17.0"),
}
PAIRS = dict[str, tuple[str | None, str | None]]
# What distributions of the harmless list need to be imported.
NEEDED = {
    "starlette": ("anyio", "sniffio", "idna", "typing-extensions"),
    "anyio": ("sniffio", "idna", "typing-extensions"),
    "pytest": ("pluggy", "iniconfig", "packaging", "pygments"),
    "pytest-randomly": ("pytest", "pluggy", "iniconfig", "packaging", "pygments"),
}
# Variables that change nothing in these programs.
HARMLESS_VARIABLES: PAIRS = {
    "TOKENIZERS_PARALLELISM": ("true", "false"),
    "TF_CPP_MIN_LOG_LEVEL": ("0", "2"),
    "MALLOC_ARENA_MAX": (None, "4"),
    "NCCL_DEBUG": ("WARN", None),
    "PYTHONUNBUFFERED": (None, "1"),
}


@dataclass(frozen=True)
class Case:
    """A fault: the program, what differs, and what has to be named.

    `culprits` are sets of paths, one a sufficient cause; an empty tuple is a fault that nothing
    carried makes. `golden` puts the good side's output into a variable that both sides have;
    `alone`: the bad side was captured with one usable processor; `beside`: more of the harmless list
    that the program imports.
    """

    name: str
    program: Path
    culprits: tuple[frozenset[str], ...]
    packages: PAIRS = field(default_factory=dict)
    variables: PAIRS = field(default_factory=dict)
    files: tuple[tuple[str, str, str], ...] = ()
    companions: frozenset[str] = frozenset()
    python: str = "3.11"
    options: tuple[str, ...] = ()
    golden: str | None = None
    alone: bool = False
    beside: tuple[str, ...] = ()


def one(*paths: str) -> tuple[frozenset[str], ...]:
    """A single cause."""
    return (frozenset(paths),)


def package(name: str, **more: object) -> Case:
    """A fault of one of the harmless distributions, or of one that is added."""
    program = OWN / f"fault_{name}.py"
    culprit = str(more.pop("culprit", name))
    return Case(name=name, program=program, culprits=one(f"packages.{culprit}"), **more)  # type: ignore[arg-type]


COLLECTION = (
    Case("numpy_promotion", SHARED / "numpy_promotion.py", one("packages.numpy"), NUMPY),
    Case("numpy_alias", SHARED / "numpy_alias.py", one("packages.numpy"), NUMPY),
    Case(
        "pandas_str", SHARED / "pandas_str.py", one("packages.pandas"),
        {"pandas": ("2.3.3", "3.1.1"), "pytz": ("2025.2", None), "numpy": ("2.2.6", "2.2.6"),
         **BESIDE_PANDAS},
        companions=frozenset({"packages.pytz"}),
    ),
    Case(
        "sk_pickle", SHARED / "sk_pickle.py", one("packages.scikit-learn"),
        {
            "scikit-learn": ("1.5.2", "1.9.1"), "narwhals": (None, "2.29.0"),
            "numpy": ("1.26.4", "1.26.4"), "scipy": ("1.14.1", "1.14.1"),
            "joblib": ("1.4.2", "1.4.2"), "threadpoolctl": ("3.5.0", "3.5.0"),
        },
        companions=frozenset({"packages.narwhals"}),
    ),
    Case(
        "protobuf_gencode", SHARED / "protobuf_gencode.py", one("packages.protobuf"),
        {"protobuf": ("3.20.3", "5.29.5")},
    ),
    Case(
        "setuptools_pkg", SHARED / "setuptools_pkg.py", one("packages.setuptools"),
        {"setuptools": ("80.9.0", "84.2.1")},
    ),
    Case(
        "jinja_soft", SHARED / "jinja_soft.py", one("packages.markupsafe"),
        {"jinja2": ("2.11.3", "2.11.3"), "markupsafe": ("2.0.1", "2.1.5")},
    ),
    Case(
        "jinja_pair", SHARED / "jinja_soft.py", one("packages.jinja2", "packages.markupsafe"),
        {"jinja2": ("3.0.3", "2.11.3"), "markupsafe": ("2.0.1", "2.1.5")},
    ),
    Case(
        "envvar_optimize", SHARED / "envvar_optimize.py", one("env_vars.PYTHONOPTIMIZE"),
        variables={"PYTHONOPTIMIZE": (None, "1")},
    ),
    Case(
        "locale_pair", SHARED / "locale_pair.py", one("env_vars.LC_ALL", "env_vars.PYTHONUTF8"),
        variables={"LC_ALL": ("C.UTF-8", "POSIX"), "PYTHONUTF8": ("1", "0")},
    ),
    Case(
        "threads_bits", SHARED / "threads_bits.py", one("env_vars.OPENBLAS_NUM_THREADS"),
        {"numpy": ("2.2.6", "2.2.6")}, {"OPENBLAS_NUM_THREADS": ("1", "2")}, golden="GOLD",
    ),
    Case(
        "conflict_hidden", SHARED / "conflict_hidden.py", one("packages.numpy"),
        {**NUMPY, "pandas": ("2.1.4", "2.2.3"), "pytz": ("2025.2", "2025.2"), **BESIDE_PANDAS},
        companions=frozenset({"packages.pandas"}),
    ),
    Case("flaky30", SHARED / "flaky30.py", one("packages.numpy"), NUMPY),
    Case(
        "flaky5", SHARED / "flaky30.py", one("packages.numpy"), NUMPY,
        {"FLAKY_RATE": ("0.05", "0.05")},
    ),
    Case(
        "weights_file", SHARED / "weights_file.py", one("files.w"),
        files=(("w", "good.bin", "bad.bin"),), variables={"WEIGHTS": ("good.bin", "good.bin")},
    ),
    Case(
        "either_cause", SHARED / "either_cause.py",
        (*one("packages.numpy"), *one("env_vars.PYTHONOPTIMIZE")),
        NUMPY, {"PYTHONOPTIMIZE": (None, "1")},
    ),
    Case("stateful_cache", SHARED / "stateful_cache.py", one("packages.numpy"), NUMPY),
    Case(
        "config_deep", SHARED / "config_deep.py", one("configs.app.model.preprocess.mean"),
        files=(("app", "app-good.json", "app-bad.json"),),
        variables={"APP_CONFIG": ("app-good.json", "app-good.json")},
    ),
    Case(
        "pillow", SHARED / "pillow.py", one("packages.pillow"), {"pillow": ("8.4.0", "9.0.0")},
        python="3.9", golden="GOLD",
    ),
)  # fmt: skip

OURS = (
    package("starlette"),
    package("cachetools"),
    package("networkx"),
    package("psutil"),
    package("pytest"),
    package("packaging_filter", culprit="packaging"),
    package("fsspec_protocols", culprit="fsspec"),
    package("toolz_names", culprit="toolz"),
    package("anyio_names", culprit="anyio"),
    package("decorator_names", culprit="decorator"),
    Case(
        "strict_warnings", OWN / "fault_strict_warnings.py",
        one("packages.pyparsing", "env_vars.PYTHONWARNINGS"),
        variables={"PYTHONWARNINGS": (None, "error::DeprecationWarning:__main__")},
    ),
    Case(
        "three_causes", OWN / "fault_three_causes.py",
        (*one("packages.psutil"), *one("packages.toolz"), *one("packages.fsspec")),
    ),
    Case(
        "third_value", OWN / "fault_third_value.py", one("packages.toolz"),
        companions=frozenset({"packages.psutil"}),
    ),
    Case(
        "output_bits", OWN / "fault_output_bits.py", one("packages.fsspec"),
        options=("--oracle-output", "answer.bin"),
    ),
    Case("outside", OWN / "fault_outside.py", (), variables={"NOT_CAPTURED": (None, None)}),
)  # fmt: skip
# Written when the search was done, and run once before anybody looked at it again.
FRESH = (
    package("zip_equal", culprit="more-itertools"),
    package("websockets_silent", culprit="websockets"),
    package("tomlkit_bits", culprit="tomlkit", options=("--oracle-output", "-")),
    Case(
        "zipp_switch", OWN / "fault_zipp_switch.py",
        one("packages.zipp", "env_vars.PIPELINE_MODE"),
        variables={"PIPELINE_MODE": ("lenient", "strict")},
    ),
    Case(
        "config_or_package", OWN / "fault_config_or_package.py",
        (*one("packages.termcolor"), *one("configs.app.model.layers")),
        files=(("app", "app-good.json", "app-bad.json"),),
        variables={"APP_CONFIG": ("app-good.json", "app-good.json")},
    ),
)  # fmt: skip
# The same again, for the search that looks at what the order does not tell apart.
FRESHER = (
    package("wcwidth_hyphen", culprit="wcwidth"),
    package("babel_currency", culprit="babel"),
    package("pytz_offset", culprit="pytz"),
    package("certifi_roots", culprit="certifi"),
    package("docutils_bits", culprit="docutils", options=("--oracle-output", "-")),
    Case(
        "table_pair", OWN / "fault_table_pair.py", one("packages.babel", "packages.tabulate"),
    ),
    Case(
        "day_or_width", OWN / "fault_day_or_width.py",
        (*one("packages.pytz"), *one("packages.wcwidth")),
    ),
)  # fmt: skip
# Kinds that none of the others has, written before any of them was bisected.
KINDS = (
    Case(
        "processors_sum", OWN / "fault_processors_sum.py", one("system.cpus_usable"),
        golden="GOLD", alone=True,
    ),
    Case(
        "pth_distutils", OWN / "fault_pth_distutils.py", one("packages.setuptools"),
        {"setuptools": ("59.8.0", "80.9.0")},
    ),
    Case(
        "plugin_seed", OWN / "fault_plugin_seed.py", one("packages.pytest-randomly"),
        {"pytest-randomly": (None, "3.16.0")}, companions=frozenset({"packages.pytest"}),
    ),
    package("second_call", culprit="cachetools"),
    Case(
        "frame_differs", OWN / "fault_frame_differs.py", one("packages.regex"),
        companions=frozenset({"packages.rpds-py"}), beside=("rpds-py",),
    ),
    Case(
        "hash_order", OWN / "fault_hash_order.py", one("env_vars.PYTHONHASHSEED"),
        variables={"PYTHONHASHSEED": ("0", "1")}, golden="GOLD",
    ),
    Case(
        "tz_day", OWN / "fault_tz_day.py", one("env_vars.TZ"), variables={"TZ": ("UTC", "Asia/Tokyo")},
    ),
    package("crash_signal", culprit="yarl", beside=("multidict", "propcache", "idna")),
    Case(
        "mode_triple", OWN / "fault_mode_triple.py",
        one("configs.steps.steps[1].rate", "env_vars.FEATURE_MODE", "packages.decorator"),
        files=(("steps", "steps-good.yaml", "steps-bad.yaml"),),
        variables={
            "FEATURE_MODE": ("off", "on"), "STEPS": ("steps-good.yaml", "steps-good.yaml"),
        },
        beside=("pyyaml",),
    ),
    Case(
        "extra_gone", OWN / "fault_extra_gone.py", one("packages.ujson"), {"ujson": ("5.10.0", None)},
    ),
    Case(
        "pair_or_one", OWN / "fault_pair_or_one.py",
        (*one("packages.importlib-metadata", "packages.sqlparse"), *one("packages.filelock")),
        companions=frozenset({"packages.lazy-importer"}),
        beside=("lazy-importer", "zipp", "typing-extensions"),
    ),
    Case(
        "path_shadow", OWN / "fault_path_shadow.py", one("env_vars.PYTHONPATH"),
        variables={"PYTHONPATH": (None, "extra")},
    ),
)  # fmt: skip
CASES = (*COLLECTION, *OURS, *FRESH, *FRESHER, *KINDS)
