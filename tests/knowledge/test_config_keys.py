"""What keys of configurations are about: by name, section, file and the shape of the values."""

from __future__ import annotations

import pytest

from envsnap.knowledge.config_keys import about

ASIDE = (
    ("app.yaml", "server.port", 8000, 80, "address"),
    ("app.yaml", "db_url", "postgresql://one/x", "postgresql://two/x", "address"),
    ("app.yaml", "brokers", "k1:9092", "k2:9092", "address"),
    ("app.yaml", "aws.region", "eu-west-1", "us-east-1", "address"),
    ("logging.yaml", "level", "INFO", "DEBUG", "log"),
    ("app.yaml", "root_level", "warning", "error", "log"),
    ("app.yaml", "logging.handlers", "console", "file", "log"),
    ("app.yaml", "log_every_n_steps", 50, 10, "log"),
    ("app.yaml", "color", "auto", "never", "log"),
    ("app.yaml", "wandb.project", "one", "two", "watched"),
    ("app.env", "SENTRY_ENVIRONMENT", "dev", "prod", "watched"),
    ("app.yaml", "env", "staging", "production", "deployment"),
    ("app.yaml", "gunicorn.workers", 2, 8, "processes"),
    ("app.yaml", "spec.replicas", 1, 3, "processes"),
    ("app.yaml", "output_dir", "/runs/7", "/scratch/9", "folder"),
    ("app.yaml", "data_dir", "/mnt/set", "/data/set", "folder"),
    ("app.yaml", "author", "ann", "bob", "note"),
    ("app.yaml", "tags.first", "a", "b", "note"),
    ("app.yaml", "version", 3, 4, "note"),
    ("app.yaml", "brokers", "k1:9092", "k1:9092,k2:9092", "address"),
    ("app.yaml", "s3.prefix", "jo/x", "team/x", "address"),
    ("app.yaml", "api.docs_url", "/docs", None, "address"),
    ("app.yaml", "server.tls_certfile", None, "/etc/tls/x.crt", "folder"),
    ("pod.yaml", "metadata.namespace", "dev", "prod", "address"),
    ("pod.yaml", "metadata.name", "scorer-dev", "scorer", "name"),
    ("pod.yaml", "labels.stage", "dev", "prod", "name"),
    ("pod.yaml", "spec.initialDelaySeconds", 5, 30, "time"),
    ("pod.yaml", "spec.minReplicas", 1, 3, "processes"),
    ("dag.yaml", "schedule", "0 3 * * *", "@daily", "time"),
    ("db.yaml", "database.user", "jo", "svc", "name"),
    ("ui.yaml", "theme", "dark", "light", "shown"),
    ("train.yaml", "disable_tqdm", True, False, "log"),
    ("train.yaml", "hydra.run.dir", "outputs/1", "outputs/2", "folder"),
    ("otel.yaml", "traces_sample_rate", 0.1, 1.0, "watched"),
    ("app.yaml", "reviewers.jo", "jo", None, "note"),
)
# Names that begin or end as those do, or whose values are of another kind.
ACTING = (
    ("app.yaml", "color_order", "RGB", "BGR"),
    ("app.yaml", "color", "RGB", "BGR"),
    ("app.yaml", "log_target", True, False),
    ("app.yaml", "log_likelihood", True, False),
    ("app.yaml", "verbose_prompt", True, False),
    ("app.yaml", "level", 3, 9),
    ("app.yaml", "region", "0,0,10,10", "0,0,20,20"),
    ("app.yaml", "port_weights", True, False),
    ("app.yaml", "num_workers", 4, 8),
    ("app.yaml", "data_dir", "/data/v1", "/data/v2"),
    ("app.yaml", "model_path", "/m/one.pt", "/m/two.pt"),
    ("app.yaml", "model.version", 3, 4),
    ("app.yaml", "telemetry.threshold", 0.5, 0.7),
    ("app.yaml", "stage", "train", "prod"),
    ("app.yaml", "model_path", "/m/2026-11-01/m.pt", "/m/2025-02-01/m.pt"),
    ("app.yaml", "storage_uri", "s3://models/v7", "s3://models/v3"),
    ("app.yaml", "llm.base_url", "https://one.example.com", "https://two.example.com"),
    ("app.yaml", "index.namespace", "dev", "prod"),
    ("app.yaml", "tools.0.description", "Adds.", "Adds numbers."),
    ("app.yaml", "filter.region", "EMEA", "APAC"),
    ("app.yaml", "age.bucket", "5y", "10y"),
    ("app.yaml", "checkpoint", "/m/e10.ckpt", "/m/e20.ckpt"),
    ("opt.yaml", "optimizer.schedule", "cosine", "linear"),
)


@pytest.mark.parametrize(("file", "keys", "one", "two", "what"), ASIDE)
def test_what_changes_no_result(file: str, keys: str, one: object, two: object, what: str) -> None:
    assert about(file, keys.split("."), one, two) == what


@pytest.mark.parametrize(("file", "keys", "one", "two"), ACTING)
def test_what_may(file: str, keys: str, one: object, two: object) -> None:
    assert about(file, keys.split("."), one, two) is None
