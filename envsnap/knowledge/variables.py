"""What environment variables do."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from envsnap.knowledge.tables import table

# They say where things lie on this host; what follows from them is captured itself.
PLACE = re.compile(
    r"PATH|PYTHONPATH|VIRTUAL_ENV|HOME|\w*(?:_HOME|_CACHE|_CACHE_HOME|_DIR|_DIRECTORY|TMPDIR)"
)
LOCALES = ("LC_ALL", "LC_CTYPE", "LANG")  # that decide the text encoding, the strongest first
# Distributions whose variables do not begin with their names, as their own documentation lists them.
OF_OTHER_NAMES = {
    "huggingface-hub": ("HF_",),
    "transformers": ("HF_",),
    "datasets": ("HF_",),
    "diffusers": ("HF_",),
    "matplotlib": ("MPL",),
    "tensorflow": ("TF_", "XLA_"),
    "keras": ("TF_",),
    "jax": ("XLA_",),
    "jaxlib": ("JAX_", "XLA_"),
    "torch": ("PYTORCH_", "TORCHINDUCTOR_"),
    "onnxruntime-gpu": ("ORT_",),
    "onnxruntime": ("ORT_",),
    "opencv-python": ("OPENCV_",),
    "opencv-python-headless": ("OPENCV_",),
    "grpcio": ("GRPC_",),
    "protobuf": ("PROTOCOL_BUFFERS_",),
    "tf-keras": ("TF_", "KERAS_"),
    "boto3": ("AWS_",),
    "botocore": ("AWS_",),
    "s3fs": ("AWS_",),
    "aiobotocore": ("AWS_",),
    "google-auth": ("GOOGLE_",),
    "google-cloud-storage": ("GOOGLE_",),
    "gcsfs": ("GOOGLE_",),
    "azure-identity": ("AZURE_",),
    "databricks-sdk": ("DATABRICKS_",),
    "pyspark": ("SPARK_", "PYSPARK_", "JAVA_", "HADOOP_"),
    "snowflake-connector-python": ("SNOWFLAKE_",),
}
# By their words: what a program says, shows or reports of itself. (Where to, is a place.)
TELLS = re.compile(
    r"(?:\w*_)?(?:LOG|LOGS|LOGGING|LOGLEVEL|LOGGER|VERBOSITY|VERBOSE|SILENT|QUIET|TELEMETRY|ANALYTICS|DO_NOT_TRACK"
    r"|USAGE_STATS|NO_COLOR|FORCE_COLOR|PROGRESS|PROGRESS_BARS?|ADVISORY_WARNINGS)"
    r"(?:_(?:LEVEL|FORMAT|ENABLED|DISABLED|ENABLE|DISABLE|CONSOLE|STDERR|STDOUT|TO_DRIVER|TO_STDERR|COLOR|ERRORS?|INFO))*"
)
# What huggingface_hub/constants.py takes for true, in capitals, and OpenMP 5.2, chapter 21, in any letters.
OF_HUB = ("HF_", "HUGGINGFACE_", "TRANSFORMERS_", "DIFFUSERS_")
TRUE = frozenset(("1", "ON", "YES", "TRUE"))
OF_OPENMP = ("OMP_", "KMP_", "GOMP_")
# Lists whose order says nothing: hosts, and settings by their names.
UNORDERED = frozenset((
    "NO_PROXY", "no_proxy", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_ALLOC_CONF", "PYTORCH_HIP_ALLOC_CONF",
))  # fmt: skip
FOLDERS = re.compile(r"\w*PATH")
# Names of time zones for other names (IANA tz database, file backward).
ZONES = {
    "US/Eastern": "America/New_York", "US/Central": "America/Chicago", "US/Mountain": "America/Denver",
    "US/Pacific": "America/Los_Angeles", "US/Arizona": "America/Phoenix", "US/Hawaii": "Pacific/Honolulu",
    "US/Alaska": "America/Anchorage", "Asia/Calcutta": "Asia/Kolkata", "Asia/Saigon": "Asia/Ho_Chi_Minh",
    "Asia/Katmandu": "Asia/Kathmandu", "Asia/Rangoon": "Asia/Yangon", "Europe/Kiev": "Europe/Kyiv",
    "America/Buenos_Aires": "America/Argentina/Buenos_Aires", "GB": "Europe/London", "Japan": "Asia/Tokyo",
    "PRC": "Asia/Shanghai", "ROK": "Asia/Seoul", "ROC": "Asia/Taipei", "Singapore": "Asia/Singapore",
    "Hongkong": "Asia/Hong_Kong", "Turkey": "Europe/Istanbul", "Israel": "Asia/Jerusalem", "NZ": "Pacific/Auckland",
    "UTC": "Etc/UTC", "UCT": "Etc/UTC", "Zulu": "Etc/UTC", "Universal": "Etc/UTC", "Etc/UCT": "Etc/UTC",
    "Etc/Zulu": "Etc/UTC", "Etc/Universal": "Etc/UTC",
}  # fmt: skip
# Kubernetes and Docker set these in every container, for each service beside it.
SERVICE_LINK = re.compile(r"\w+_SERVICE_(?:HOST|PORT\w*)|\w+_PORT(?:_\d+_(?:TCP|UDP)\w*)?")
# They steer installers; what was installed is captured itself.
INSTALLERS = ("PIP_", "UV_", "CONDA_")


def known(name: str) -> dict[str, Any] | None:
    """The row of a variable (`effect`, `does`, `chooses`, `basis`): its own, or its prefix's."""
    exact, prefixes = _index()
    if name in exact:
        return exact[name]
    return next((row for prefix, row in prefixes if name.startswith(prefix)), None)


def matters(name: str) -> bool:
    """Whether a variable changes results: numbers, or the choice of what computes them."""
    row = known(name)
    if row is None:
        return False
    if row["effect"] == "security":
        return True
    return not is_place(name) and (row["effect"] == "numerics" or row.get("chooses") == "library")


def is_place(name: str) -> bool:
    """Whether a variable says where things lie, or steers an installer: what follows is captured itself."""
    return PLACE.fullmatch(name) is not None or name.startswith(INSTALLERS)


def acts(name: str) -> bool:
    """Whether a variable is known to do anything but say where things lie, or make a program talk."""
    return known(name) is not None and not is_place(name) and not only_tells(name)


def mean_the_same(name: str, one: object, other: object) -> bool:
    """Whether two values of a variable are one value in two spellings, for all who read it."""
    if not (isinstance(one, str) and isinstance(other, str)):
        return False
    if name == "TZ":
        zones = [value.removeprefix(":") for value in (one, other)]
        return ZONES.get(zones[0], zones[0]) == ZONES.get(zones[1], zones[1])
    if name.startswith(OF_HUB):
        return one.upper() in TRUE and other.upper() in TRUE
    if name.startswith(OF_OPENMP):
        return one.strip().lower() == other.strip().lower()
    if name in UNORDERED:
        lists = [[part.strip() for part in value.split(",")] for value in (one, other)]
        return sorted(filter(None, lists[0])) == sorted(filter(None, lists[1]))
    if FOLDERS.fullmatch(name):
        return _folders(one) == _folders(other)
    return False


def _folders(value: str) -> list[str]:
    """The folders of a path in which they are looked for; a second time one is never reached."""
    return list(dict.fromkeys(part.rstrip("/") or part for part in value.split(":")))


def is_service_link(name: str) -> bool:
    """Whether a variable is called as those that a cluster sets in each container, for each service."""
    return SERVICE_LINK.fullmatch(name) is not None


def only_tells(name: str) -> bool:
    """Whether a variable makes a program say more or less, and nothing else."""
    exact, _ = _index()
    row = exact.get(name)
    if row is None and TELLS.fullmatch(name) is not None:
        return True
    row = row or known(name)
    return row is not None and row["effect"] == "none"


def prefixes(distribution: str) -> tuple[str, ...]:
    """How the variables of a distribution begin: mostly with its own name."""
    own = distribution.upper().replace("-", "_") + "_"
    return (own, *OF_OTHER_NAMES.get(distribution, ()))


@cache
def _index() -> tuple[dict[str, dict[str, Any]], list[tuple[str, dict[str, Any]]]]:
    rows = table("env_vars")["rows"]
    exact = {row["name"]: row for row in rows}
    prefixes = [(row["name"][:-1], row) for row in rows if row["name"].endswith("*")]
    return exact, sorted(prefixes, key=lambda item: -len(item[0]))
