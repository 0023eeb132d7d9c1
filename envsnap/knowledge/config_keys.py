"""What a key of a configuration is about, by its name, its section, its file and its values.

Most keys can change what a program computes. These cannot, or only by what lies elsewhere: notes
that people read, levels of logs, names by which something is found, addresses, folders for results, times
and numbers of processes. A name is believed where the values have the shape of such a thing, and where no
section above it says otherwise: the description of a tool is a prompt, and a model's address is a model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

from msgspec import Struct

# What says how a program is started, and no settings of its own: by the names that readers give them.
OF_SURROUNDINGS = (
    "run",
    "container",
    "image",
    "compose",
    "kubernetes",
    "workload",
    "dockerfile",
    "sbatch",
)
About = Literal[
    "note", "log", "shown", "watched", "name", "address", "folder", "deployment", "processes", "time"
]  # fmt: skip


def _words(text: str) -> re.Pattern[str]:
    """One of these, with single blanks between them."""
    return re.compile("|".join(text.split()))


# A key that people read, or by which a tool notes where a file came from; nothing is computed from it.
_NOTE = _words(
    "description title comments? notes? authors? maintainers? maintained_by owners? contacts? e?mail email_on_(?:failure|retry)"
    " license created(?:_(?:at|by|on))? updated(?:_(?:at|by|on))? modified(?:_(?:at|by|on))?"
    " (?:jira_|change_)?tickets?(?:_(?:id|url))? jira approved_by approvers? requested_by last_modified(?:_by)? date changelog version schema_version reviewers?"
    # What a tool notes of itself, and what a run is called.
    " transformers_version _?name_or_path _commit_hash _from_model_config _diffusers_version mlflow_version"
    " envsnap_version creation_timestamp resource_version generation"
    " run_?name run_?id exp(?:eriment)?_?(?:name|id) wandb_(?:name|run_id|tags|notes|group)"
)
_RELEASE = _words("version date title generation")
_FILE = _words("metadata meta info project package tool about")
_TAGS = _words("tags annotations")  # with everything below them
_LOG = _words(
    r"log(?:s|gers?|ging)?(?:_?(?:levels?|files?|dirs?|directory|paths?|formats?|formatters?|handlers?|rotation|retention"
    r"|interval|freq|frequency|every|steps|every_n_steps|config|name|json|stdout|stderr|to_\w+|requests?|verbosity|console))?"
    r" (?:access|error)_?log (?:disable|enable|no|auto|use)_\w*log(?:s|ging)?(?:_\w+)? auto_output_logging json_(?:output|logs)"
    r" verbose verbosity debug banner (?:\w+_)?(?:tqdm|progress(?:_?bars?)?) quiet silent steps_per_print wall_clock_breakdown report_to save_code"
    r" (?:use_|no_|force_)?colou?r(?:s|ed|ize|_output|_logs?)?"
)
_LOG_SECTION = _words("log logs logging loggers? log_config logging_config log4j2?")
_LEVEL = re.compile(
    r"(?:not ?set|trace|debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal)",
    re.IGNORECASE,
)
_SWITCH = re.compile(r"true|false|yes|no|on|off|auto|always|never|[0-9]{1,2}|none|", re.IGNORECASE)
_CERTIFICATE = _words(
    r"(?:ssl|tls)_\w*(?:file|path|certs?|keys?) (?:ca|client)_(?:file|certs?|bundle)"
)
# How a page or a picture for people looks.
_SHOWN = _words(
    r"(?:dark_|light_)?theme (?:primary|secondary|accent|background|text)_colou?r logo favicon footer header_text cmap colormap dpi"
    r" font_?(?:size|family)? legend figsize ui_\w+ css"
)
_PICTURE = _words("figure plots? charts? ui")
# Those who watch a service: what is told to them does not come back.
_WATCHER = _words(
    r"wandb mlflow comet(?:_ml)? neptune clearml tensorboard sentry otel opentelemetry telemetry tracing jaeger zipkin"
    r" prometheus grafana datadog dd newrelic statsd slack pagerduty alert(?:ing|s|manager)? notifications?"
)
# What of a section of theirs is a name or an address; a rate or a threshold may be read by the program.
_TOLD = _words(
    r"(?:\w+_)?(?:names?|project|entity|group|mode|job_?type|environment|env|release|channel|team|enabled|endpoint|url|uri"
    r"|host|port|dsn|dsn_host|tags?|notes?|workspace|exporter|protocol|headers|interval|dir|directory|location)"
)
_SAMPLED = _words(r"(?:traces|profiles|replays\w*|sentry\w*|otel\w*)_sampl(?:e|ing)_rate")
# By which people, a scheduler or a cluster find something.
_NAME = _words(
    r"(?:app|application|service|container|proc|process|job|task|dag|pod|project|served_model|hub_model|host|node|team|display|instance"
    r"|release|deployment|queue|consumer_group)_?(?:name|id) mail_(?:user|type) account partition qos assignees? team"
)
_NAMED_SECTION = _words("metadata labels match_labels selector")  # of a cluster's objects
_LABEL = _words(
    r"name app team owner tier component part_of managed_by instance env environment stage"
)
_USER = _words("user username login role schema")
_STORE = _words(
    "database db postgres(?:ql)? mysql mongo(?:db)? redis cache broker smtp mail ssh sftp"
    " s3 gcs minio aws azure storage bucket kafka rabbitmq celery"
)
_ADDRESS = _words(
    r"(?:\w+_)?(?:hosts?|hostname|ports?|urls?|uris?|endpoints?|address|addr|listen|bind|servers?|brokers?|dsn|domain"
    r"|origins?|webhook|proxy|socket|ip|cluster)(?:_(?:url|uri|name))? (?:health|docs|openapi|redoc|metrics|root)_(?:path|url) pidfile"
)
_PLACE = _words(r"(?:\w+_)?(?:region|zone|location)")
_BUCKET = _words(r"(?:\w+_)?bucket(?:_name)?")
_SPACE = _words(r"(?:\w+_)?namespace")
# Below these an address chooses what computes, and a place or a name what is read.
_CHOOSES = _words(
    r"llms? models? embeddings? rerank\w* generator inference openai anthropic vector_?store\w* retriever\w* index(?:es)? features?"
    r" feature_store filters? where query queries select data datasets?"
)
# Below these a text for people is one that a model reads, or that is counted.
_READ_BY_MODELS = _words(
    "tools functions? prompts? properties parameters schema messages system instructions labels classes categories"
)
_FOLDER = _words(
    r"(?:\w+_)?(?:dir|dirs|directory|folder|home|dirpath|path|root|prefix|output|outputs|location) (?:artifact|work|workdir)s?"
)
_RESULTS = re.compile(
    r"(?:\w+_)?(?:outputs?|tmp|temp|scratch|cache)"
    r"|(?:\w+_)?(?:outputs?|out|tmp|temp|temporary|logs?|save[ds]?|results?|runs?|work|working|scratch|cach(?:e|ing)|checkpoints?|ckpt"
    r"|artifacts?|reports?|dump|spool|uploads?|downloads?|bentoml|default_root)"
    r"_?(?:dir|dirs|directory|folder|home|path|root|prefix|location)"
)
_RUN_FOLDER = ("run", "dir")  # Hydra's
_DEPLOYMENT = _words(r"(?:\w+_)?(?:environment|env|stage|deployment|tier)(?:_name)?")
_STAGE = re.compile(
    r"local|dev(?:elopment)?|test(?:ing)?|ci|qa|uat|stag(?:e|ing)|pre-?prod(?:uction)?|prod(?:uction)?|live|canary",
    re.IGNORECASE,
)
_PROCESSES = _words(r"(?:min_|max_)?replicas? replica_?count instances revision_history_limit")
_SERVER = _words(
    "uvicorn gunicorn hypercorn server web http wsgi asgi celery deployment api serve serving"
)
_WORKERS = _words("(?:num_|n_)?(?:workers|threads|processes|concurrency)")
_TIME = _words(
    r"cron schedule(?:_interval)? (?:\w+_)?(?:period|delay|grace_period)_seconds scrape_interval restart restart_policy"
)

_CRON = re.compile(r"(?:\S{1,20}[ \t]{1,4}){4,5}\S{1,20}|@\w{1,20}|none", re.IGNORECASE)
_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]{1,20})://[^/\s]{0,250}(?P<path>/\S{0,400})?", re.IGNORECASE
)
_HOST = re.compile(r"(?=.{0,253}$)[A-Za-z0-9_*.-]{1,253}(?::[0-9]{1,5})?")
_PORT = re.compile(r"[0-9]{1,5}")
_BASES = _words(r"postgres\w*(?:\+\w+)? mysql\w*(?:\+\w+)? mongodb\w* redis\w* amqp\w* kafka jdbc")
_REGION = re.compile(r"[a-z]{2,14}(?:-[a-z]{3,14}){0,2}-?[0-9]?[a-z]?")
_BUCKET_NAME = re.compile(r"(?=.{0,60}[a-z]{3})[a-z0-9][a-z0-9._-]{2,62}")
_WHERE = re.compile(r"(?:/|~|\./|\.\./|[A-Za-z]:\\|(?:s3|gs|az|abfss?|hdfs|dbfs)://)\S{0,400}")
_RELATIVE = re.compile(r"[\w.-]{1,100}(?:/[\w.-]{1,100}){0,12}/?")
_BOX = re.compile(r"[\d.,\s-]+")  # numbers: a region of a picture is no region of a cloud
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class _Key(Struct, frozen=True):
    """A key as the questions see it: its name, what is above it, and its values as texts."""

    last: str
    above: tuple[str, ...]
    file: tuple[str, ...]
    texts: tuple[str, ...]  # empty where a value is a list or a map

    def all(self, shape: re.Pattern[str]) -> bool:
        """Whether every value has a shape."""
        return bool(self.texts) and all(map(shape.fullmatch, self.texts))

    def below(self, shape: re.Pattern[str]) -> bool:
        """Whether a section is called so."""
        return any(map(shape.fullmatch, self.above))

    def under(self, shape: re.Pattern[str]) -> bool:
        """Whether a section, or the file, is called so."""
        return any(map(shape.fullmatch, (*self.above, *self.file)))


def about(file: str, keys: Sequence[str], reference: Any, other: Any) -> About | None:
    """What a key is about that changes no result by itself; None for any other.

    `keys` leads to the value: ("server", "port").
    """
    values = [value for value in (reference, other) if value is not None]
    texts = [str(value).strip() for value in values if isinstance(value, str | int | float)]
    spelled = [_HUMP.sub("_", key).replace("-", "_").lower() for key in keys]
    if len(spelled) > 1 and (spelled[-1].isdigit() or keys[-1] in texts):
        spelled.pop()  # an item of a list is about what the list is
    key = _Key(
        spelled[-1] if spelled else "",
        tuple(spelled[:-1]),
        tuple(re.split(r"[^a-z0-9_]+", file.lower())),
        tuple(texts) if len(texts) == len(values) else (),
    )
    return next((what for what, asks in QUESTIONS.items() if asks(key)), None)


def is_note(key: str) -> bool:
    """Whether people read a key, or a tool noted it; nothing is computed from it."""
    return _NOTE.fullmatch(_HUMP.sub("_", key).lower()) is not None


def is_note_at(place: str) -> bool:
    """Whether people read what a place of a configuration says: `app.yaml: model.title`."""
    return is_note(re.split(r": |[.\]]", place)[-1])


def _is_noted(key: _Key) -> bool:
    if key.below(_READ_BY_MODELS):
        return False
    # A version or a date may be of something that the program uses: model.version.
    is_release = bool(key.above) and _RELEASE.fullmatch(key.last) and not _FILE.fullmatch(key.above[-1])  # fmt: skip
    noted = _NOTE.fullmatch(key.last) is not None and not is_release
    return noted or any(map(_TAGS.fullmatch, (*key.above, key.last)))


def _is_log(key: _Key) -> bool:
    if key.under(_LOG_SECTION) or (key.last.endswith("level") and key.all(_LEVEL)):
        return True
    if _LOG.fullmatch(key.last) is None:
        return False
    if "colo" in key.last and any(text.isdigit() for text in key.texts):
        return False  # channels
    is_named = "log" in key.last and "_" in key.last
    plain = all(_SWITCH.fullmatch(text) or _LEVEL.fullmatch(text) for text in key.texts)
    return (
        is_named or plain or key.last in ("accesslog", "errorlog", "report_to", "steps_per_print")
    )


def _is_shown(key: _Key) -> bool:
    if key.below(_PICTURE) and key.last in ("title", "style"):
        return True
    return _SHOWN.fullmatch(key.last) is not None


def _is_watched(key: _Key) -> bool:
    first, _, rest = key.last.partition("_")
    in_name = _WATCHER.fullmatch(first) and _TOLD.fullmatch(rest)
    below = key.under(_WATCHER) and _TOLD.fullmatch(key.last)
    return bool(in_name or below or _SAMPLED.fullmatch(key.last))


def _is_name(key: _Key) -> bool:
    # traefik.enable: what another program reads of an object.
    labelled = key.below(_NAMED_SECTION) and (_LABEL.fullmatch(key.last) or "." in key.last)
    of_store = key.below(_STORE) and _USER.fullmatch(key.last)
    # service: {name: ...} is service_name.
    inner = key.last in ("name", "id") and _NAME.fullmatch("_".join((*key.above[-1:], key.last)))
    return bool(_NAME.fullmatch(key.last) or inner or labelled or of_store)


def _is_address(key: _Key) -> bool:
    if key.below(_CHOOSES) or not key.texts:
        return False
    if _PLACE.fullmatch(key.last):
        return key.all(_REGION)
    if _BUCKET.fullmatch(key.last):
        return key.all(_BUCKET_NAME)
    if _SPACE.fullmatch(key.last):
        return key.below(_NAMED_SECTION) or key.all(_STAGE)
    if key.last == "prefix" and key.below(_STORE):
        return not _is_dated(key.texts)
    if _ADDRESS.fullmatch(key.last) is None:
        return False
    return all(map(_is_reached, key.texts)) and _same_beyond(key.texts)


def _is_reached(text: str) -> bool:
    if _BOX.fullmatch(text) and not _PORT.fullmatch(text) and text.count(".") != 3:
        return False
    if "," in text:
        return all(map(_is_reached, text.split(",")))
    return text.startswith("/") or any(shape.fullmatch(text) for shape in (_URL, _HOST, _PORT))


def _same_beyond(texts: Sequence[str]) -> bool:
    """Whether addresses differ in the host alone: another path is another thing, but for a database."""
    found = [_URL.fullmatch(text) for text in texts]
    paths = {(match["path"] or "").rstrip("/") for match in found if match is not None}
    of_bases = all(
        match is not None and _BASES.fullmatch(match["scheme"].lower()) for match in found
    )
    return len(paths) < 2 or of_bases


def _is_deployment(key: _Key) -> bool:
    return _DEPLOYMENT.fullmatch(key.last) is not None and key.all(_STAGE)


def _is_processes(key: _Key) -> bool:
    of_server = _WORKERS.fullmatch(key.last) and key.under(_SERVER)
    return bool(_PROCESSES.fullmatch(key.last) or of_server)


def _is_time(key: _Key) -> bool:
    if key.last in ("schedule", "schedule_interval"):
        return key.all(_CRON)  # a learning rate has a schedule, too
    return _TIME.fullmatch(key.last) is not None


def _is_folder(key: _Key) -> bool:
    """Whether a folder for results is another, or one of the same name lies somewhere else."""
    if _CERTIFICATE.fullmatch(key.last):
        return True
    if not key.texts or not all(
        _WHERE.fullmatch(text) or _RELATIVE.fullmatch(text) for text in key.texts
    ):
        return False
    if _RESULTS.fullmatch(key.last) or (*key.above[-1:], key.last) == _RUN_FOLDER:
        return not key.below(_CHOOSES)
    if _FOLDER.fullmatch(key.last) is None:
        return False
    names = {re.split(r"[/\\]", text.rstrip("/\\"))[-1] for text in key.texts}
    return len(names) == 1 and not _is_dated(key.texts)


def _is_dated(texts: Sequence[str]) -> bool:
    """Whether paths differ in a part with a number: another version, or another day."""
    parts = [set(re.split(r"[/\\]", text)) for text in texts]
    return any(re.search(r"\d", part) for part in set.union(*parts) - set.intersection(*parts))


QUESTIONS: dict[About, Callable[[_Key], bool]] = {
    "note": _is_noted,
    "log": _is_log,
    "shown": _is_shown,
    "watched": _is_watched,
    "name": _is_name,
    "address": _is_address,
    "deployment": _is_deployment,
    "processes": _is_processes,
    "time": _is_time,
    "folder": _is_folder,
}
