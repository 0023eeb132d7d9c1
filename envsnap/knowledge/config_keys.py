"""What a key of a configuration is about, by its name, its section, its file and its values.

Most keys can change what a program computes. These cannot, or only by what lies elsewhere: notes
that people read, levels of logs, names for those who watch a service, addresses, folders for results
and how many processes serve. A name is believed where the values have the shape of such a thing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

from msgspec import Struct

About = Literal["note", "log", "watched", "address", "folder", "deployment", "processes"]

# A key that people read, or by which a tool notes where a file came from; nothing is computed from it.
NOTE = (
    r"description|title|comments?|notes?|authors?|maintainers?|maintained_by|owners?|contacts?|e?mail"
    r"|license|created(?:_(?:at|by|on))?|updated(?:_(?:at|by|on))?|date|changelog|version|schema_version"
)
# What a tool notes of itself, and what a run is called.
OF_TOOLS = (
    r"transformers_version|_name_or_path|_commit_hash|_diffusers_version|mlflow_version"
    r"|envsnap_version|creationTimestamp|resourceVersion|generation"
    r"|run_?name|run_?id|exp(?:eriment)?_?(?:name|id)|wandb_(?:name|run_id|tags|notes|group)"
)
_NOTE = re.compile(rf"(?:{OF_TOOLS})$|(?:{NOTE})$", re.IGNORECASE)
_RELEASE = re.compile(r"version|date|title|generation", re.IGNORECASE)
_FILE = re.compile(r"metadata|meta|info|project|package|tool|about", re.IGNORECASE)
_TAGS = re.compile(r"tags|annotations", re.IGNORECASE)  # with everything below them
_LOG = re.compile(
    r"log(?:s|gers?|ging)?(?:_?(?:levels?|files?|dirs?|directory|paths?|formats?|formatters?|handlers?|rotation|retention"
    r"|interval|freq|frequency|every|steps|every_n_steps|config|name|json|stdout|stderr|to_\w+|requests?|verbosity))?"
    r"|verbose|verbosity|debug|banner|progress_?bars?|(?:use_|no_|force_)?colou?r(?:s|ed|ize|_output|_logs?)?",
    re.IGNORECASE,
)
_LOG_SECTION = re.compile(
    r"log|logs|logging|loggers?|log_config|logging_config|log4j2?",
    re.IGNORECASE,
)
_LEVEL = re.compile(
    r"(?:not ?set|trace|debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal)",
    re.IGNORECASE,
)
_SWITCH = re.compile(r"true|false|yes|no|on|off|auto|always|never|[0-9]{1,2}|none|", re.IGNORECASE)
# Those who watch a service: what is told to them does not come back.
_WATCHER = re.compile(
    r"wandb|mlflow|comet(?:_ml)?|neptune|clearml|tensorboard|sentry|otel|opentelemetry|telemetry|tracing|jaeger|zipkin"
    r"|prometheus|grafana|datadog|dd|newrelic|statsd|slack|pagerduty|alert(?:ing|s|manager)?|notifications?",
    re.IGNORECASE,
)
# What of a section of theirs is a name or an address; a rate or a threshold may be read by the program.
_TOLD = re.compile(
    r"(?:\w+_)?(?:names?|project|entity|group|mode|job_?type|environment|env|release|channel|team|enabled|endpoint|url|uri|host"
    r"|port|dsn|dsn_host|tags?|notes?|workspace|exporter|protocol|headers|interval|dir|directory)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?:\w+_)?(?:host|hosts|hostname|ports?|url|urls|uri|uris|endpoints?|address|addr|listen|bind|servers?|brokers?|dsn|domain"
    r"|origins?|region|zone|bucket|namespace|cluster|webhook|proxy|socket)(?:_url|_uri|_name)?",
    re.IGNORECASE,
)
_FOLDER = re.compile(
    r"(?:(?:out|output|outputs|tmp|temp|temporary|log|logs|logging|save|saved|results?|runs?|work|working|scratch|cache|caching"
    r"|checkpoints?|ckpt|artifacts?|report|reports|dump|spool|upload|uploads|data|train|val|valid|test|dataset|model|models|base|root)"
    r"_?)?(?:dir|directory|folder|path|root|prefix)",
    re.IGNORECASE,
)
_RESULTS = re.compile(
    r"(?:out|tmp|temp|log|save|result|run|work|scratch|cach|checkpoint|ckpt|artifact|report|dump|spool|upload)\w*",
    re.IGNORECASE,
)
_DEPLOYMENT = re.compile(
    r"(?:\w+_)?(?:environment|env|stage|deployment|tier)(?:_name)?", re.IGNORECASE
)
_STAGE = re.compile(
    r"local|dev(?:elopment)?|test(?:ing)?|ci|qa|uat|stag(?:e|ing)|pre-?prod(?:uction)?|prod(?:uction)?|live|canary",
    re.IGNORECASE,
)
_PROCESSES = re.compile(r"(?:min_|max_)?replicas?|replica_?count|instances", re.IGNORECASE)
_SERVER = re.compile(
    r"uvicorn|gunicorn|hypercorn|server|web|http|wsgi|asgi|celery|deployment", re.IGNORECASE
)
_WORKERS = re.compile(r"(?:num_|n_)?(?:workers|threads|processes|concurrency)", re.IGNORECASE)

_URL = re.compile(r"[a-z][a-z0-9+.-]{1,20}://\S{1,400}", re.IGNORECASE)
_HOST = re.compile(r"(?=.{0,253}$)[A-Za-z0-9_*.-]{1,253}(?::[0-9]{1,5})?")
_PORT = re.compile(r"[0-9]{1,5}")
_WHERE = re.compile(r"(?:/|~|\./|\.\./|[A-Za-z]:\\|(?:s3|gs|az|abfss?|hdfs|dbfs)://)\S{0,400}")
_BOX = re.compile(r"[\d.,\s-]+")  # numbers: a region of a picture is no region of a cloud


class _Key(Struct, frozen=True):
    """A key as the questions see it: its name, what is above it, and its values as texts."""

    keys: tuple[str, ...]
    last: str
    sections: tuple[str, ...]
    texts: tuple[str, ...]  # empty where a value is a list or a map

    def all(self, shape: re.Pattern[str]) -> bool:
        """Whether every value has a shape."""
        return bool(self.texts) and all(map(shape.fullmatch, self.texts))

    def below(self, shape: re.Pattern[str]) -> bool:
        """Whether a section, or the file, is called so."""
        return any(map(shape.fullmatch, self.sections))


def about(file: str, keys: Sequence[str], reference: Any, other: Any) -> About | None:
    """What a key is about that changes no result by itself; None for any other.

    `keys` leads to the value: ("server", "port").
    """
    values = [value for value in (reference, other) if value is not None]
    texts = [str(value).strip() for value in values if isinstance(value, str | int | float)]
    key = _Key(
        tuple(keys),
        keys[-1] if keys else "",
        (*re.split(r"[^A-Za-z0-9_]+", file.lower()), *keys[:-1]),
        tuple(texts) if len(texts) == len(values) else (),
    )
    return next((what for what, asks in QUESTIONS.items() if asks(key)), None)


def is_note(key: str) -> bool:
    """Whether people read a key, or a tool noted it; nothing is computed from it."""
    return _NOTE.fullmatch(key) is not None


def _is_noted(key: _Key) -> bool:
    # A version or a date may be of something that the program uses: model.version.
    is_release = len(key.keys) > 1 and _RELEASE.fullmatch(key.last) and not _FILE.fullmatch(key.keys[-2])  # fmt: skip
    return (is_note(key.last) and not is_release) or any(map(_TAGS.fullmatch, key.keys))


def _is_log(key: _Key) -> bool:
    if key.below(_LOG_SECTION) or (key.last.lower().endswith("level") and key.all(_LEVEL)):
        return True
    if _LOG.fullmatch(key.last) is None:
        return False
    if "colo" in key.last.lower() and any(text.isdigit() for text in key.texts):
        return False  # channels
    is_named = key.last.lower().startswith("log") and "_" in key.last
    return is_named or all(_SWITCH.fullmatch(text) or _LEVEL.fullmatch(text) for text in key.texts)


def _is_watched(key: _Key) -> bool:
    first, _, rest = key.last.partition("_")
    in_name = _WATCHER.fullmatch(first) and _TOLD.fullmatch(rest)
    return bool(in_name or (key.below(_WATCHER) and _TOLD.fullmatch(key.last)))


def _is_address(key: _Key) -> bool:
    return bool(_ADDRESS.fullmatch(key.last) and key.texts and all(map(_is_reached, key.texts)))


def _is_reached(text: str) -> bool:
    if _BOX.fullmatch(text) and not _PORT.fullmatch(text) and text.count(".") != 3:
        return False
    return any(shape.fullmatch(text) for shape in (_URL, _HOST, _PORT))


def _is_deployment(key: _Key) -> bool:
    return _DEPLOYMENT.fullmatch(key.last) is not None and key.all(_STAGE)


def _is_processes(key: _Key) -> bool:
    of_server = _WORKERS.fullmatch(key.last) and key.below(_SERVER)
    return bool(_PROCESSES.fullmatch(key.last) or of_server)


def _is_folder(key: _Key) -> bool:
    """Whether a folder for results is another, or one of the same name lies somewhere else."""
    if _FOLDER.fullmatch(key.last) is None or not key.all(_WHERE):
        return False
    names = {re.split(r"[/\\]", text.rstrip("/\\"))[-1] for text in key.texts}
    return len(names) == 1 or _RESULTS.match(key.last) is not None


QUESTIONS: dict[About, Callable[[_Key], bool]] = {
    "note": _is_noted,
    "log": _is_log,
    "watched": _is_watched,
    "address": _is_address,
    "deployment": _is_deployment,
    "processes": _is_processes,
    "folder": _is_folder,
}
