"""What an image gets of an application is judged by what files hold, whatever they are called."""

from __future__ import annotations

import random
import string
from pathlib import Path

import pytest

from envsnap.image.planning import application, carried
from envsnap.image.planning.plan import make_plan
from envsnap.image.records import File
from tests import examples
from tests.image.image_cases import DEBIAN_12, manifest

MADE = "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=20))
HELD = {
    "config.yaml.bak": "db:\n  password: {}\n",
    "config.yaml~": "db:\n  password: {}\n",
    "app.jsonl": '{{"user": "kim", "api_key": "{}"}}\n',
    "users.csv": "user,password\nkim,{}\n",
    "entrypoint": "#!/bin/sh\nexport DB_PASSWORD={}\n",
    "inventory": "[gpu]\nnode1 ansible_password={}\n",
    "run.sbatch": "#!/bin/bash\nexport HF_TOKEN={}\n",
    "Caddyfile": 'header_up X-Api-Key "{}"\n',
    "NOTES.txt": "password: {}\n",
    "train.log": "connecting with password={}\n",
    "client.py": 'PASSWORD = "{}"\n',
    "server.go": 'const apiKey = "{}"\n',
}
ORDINARY = {
    "README.md": "# Keys\n\nSet `HF_TOKEN`, then log in. The password is asked for.\n",
    "vocab.txt": "the\ntoken\nkey\npassword\n",
    "auth.py": 'password = os.environ["DB_PASSWORD"]\nTOKEN_URL = "https://auth.example/token"\n',
    "run.sh": ': "${HF_TOKEN:?missing}"\nread -s -p "Password: " PW\n',
    "schema.sql": "CREATE TABLE users (name varchar(40), password_hash varchar(91));\n",
    "data.csv": "token,count\nhouse,3\ngarden,4\n",
    "labels.json": '{"0": "key", "1": "lock"}',
}


def kept(folder: Path) -> application.Application:
    (folder / "app.py").write_text("print(1)\n")
    return application.pack(str(folder))


@pytest.mark.parametrize("name", HELD)
def test_a_file_with_a_secret_stays_behind(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(HELD[name].format(MADE))
    assert kept(tmp_path).secrets == (name,)


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_file_is_carried(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(ORDINARY[name])
    assert name in kept(tmp_path).digests


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_another_encoding_is_read_too(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "settings.txt").write_text(f"DB_PASSWORD={MADE}\n", encoding=encoding)
    assert kept(tmp_path).secrets == ("settings.txt",)


def test_a_config_that_held_a_secret_is_told_and_no_other() -> None:
    gaps = {"app2.db.password": "redacted: under a name that tells a secret"}
    captured = examples.manifest({"configs": {"entries": {}}}, gaps={"configs": gaps})
    plan = make_plan(manifest("3.11.9", {}, DEBIAN_12))
    told = {}
    for name in ("app", "app2"):
        file = File(name=name, file="f", path="/app/f", sha256="0" * 64)
        more = carried.with_secret_file(plan, captured, file).decisions[len(plan.decisions) :]
        told[name] = [item.subject for item in more]
    assert told == {"app": [], "app2": ["configs.app2"]}
