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
)


@pytest.mark.parametrize(("file", "keys", "one", "two", "what"), ASIDE)
def test_what_changes_no_result(file: str, keys: str, one: object, two: object, what: str) -> None:
    assert about(file, keys.split("."), one, two) == what


@pytest.mark.parametrize(("file", "keys", "one", "two"), ACTING)
def test_what_may(file: str, keys: str, one: object, two: object) -> None:
    assert about(file, keys.split("."), one, two) is None
