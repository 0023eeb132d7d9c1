"""What the user adds: an application without its secrets, config files, stand-ins, a command."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envsnap import api
from envsnap.errors import InputError
from envsnap.image import records
from envsnap.image.planning import application, extras
from envsnap.image.planning.extras import Extras
from envsnap.image.planning.plan import make_plan
from envsnap.image.records import Plan
from envsnap.image.writing import context
from envsnap.model.inputs import Config, Configs, Weight, Weights
from envsnap.model.manifest import Manifest
from tests.image.dockerfile_reader import read
from tests.image.image_cases import changed, manifest

PEM = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def planned(whole: Manifest | None = None, **named: object) -> tuple[Plan, dict[str, bytes | Path]]:
    whole = whole or manifest(packages={"numpy": "1.26.4"})
    plan, added = extras.add(make_plan(whole), whole, Extras(**named))
    return plan, context.files(plan, b"{}\n", None, added)


def instructions(files: dict[str, bytes | Path]) -> list[tuple[str, str]]:
    return read(files["Dockerfile"].decode())


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    for name, text in {
        "inference.py": "print(1)\n", "lib/model.py": "x = 1\n", "run.sh": "#!/bin/sh\n",
        ".env": "TOKEN=1", "conf/.env.production": "TOKEN=1", "keys/server.pem": "x",
        ".ssh/config": "x", ".aws/settings": "x", "id_ed25519": "x", "credentials.json": "{}",
        ".git/config": "x", "lib/__pycache__/model.pyc": "x", "model.safetensors": "x",
        "lib/weights.PT": "x", "notes/todo.txt": "x", "data/big.csv": "x",
        ".dockerignore": "# comment\nnotes\ndata/*\n!data/keep.csv\n", "data/keep.csv": "k",
    }.items():  # fmt: skip
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "run.sh").chmod(0o700)
    (folder / "outside").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    return folder


def names(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {member.name: member for member in tar}


def test_an_application_goes_without_secrets_weights_and_links(app: Path) -> None:
    plan, files = planned(app=str(app), command="python inference.py")
    found = names(files["app.tar"])
    assert set(found) == {"inference.py", "lib/model.py", "run.sh", "data/keep.csv"}
    assert {name: oct(item.mode) for name, item in found.items()}["run.sh"] == "0o755"
    assert {(item.mtime, item.uid, item.uname) for item in found.values()} == {(0, 0, "")}
    (told,) = [item for item in plan.decisions if item.subject == "app"]
    assert told.choice == "4 files"
    for name in (".env", ".ssh/config", "model.safetensors", "outside", "pipe"):
        assert name in told.why
    assert ("ADD", "app.tar /app/") in instructions(files)
    assert ("CMD", '["python", "inference.py"]') in instructions(files)
    assert plan.app == hashlib.sha256(files["app.tar"]).hexdigest()
    assert b"!app.tar\n" in files[".dockerignore"]


def test_equal_folders_give_equal_archives(app: Path) -> None:
    first = application.pack(str(app)).data
    for path in app.rglob("*.py"):
        os.utime(path, (1, 1))
    assert application.pack(str(app)).data == first


SECRETS = (
    ".env", "prod.env", ".env.local", "kaggle.json", ".huggingface/token", ".cache/huggingface/token",
    ".config/gcloud/application_default_credentials.json", "pip.conf", ".pip/pip.conf", ".condarc",
    ".boto", ".s3cfg", ".my.cnf", ".vault-token", ".dockercfg", "kubeconfig", "terraform.tfstate",
    ".secrets", ".passwd", "secrets.py", "my_credentials.json", "gcp-key.json", "auth.json",
    "token.json", "hf_token.txt", "id_ecdsa_sk", "key.pem.bak", ".bash_history", ".python_history",
    ".flaskenv", "a\nb.pem", ".envrc.local", "prod.secrets", "secrets.enc.bak", ".credentials/x.json",
    ".mylogin.cnf", "userlist.txt", "store.jceks", "vault.kdb",
)  # fmt: skip


def test_links_inside_are_carried_as_what_they_lead_to(tmp_path: Path) -> None:
    """Python imports through a link: without it the program would not start."""
    app = tmp_path / "app"
    (app / "lib").mkdir(parents=True)
    (app / "main.py").write_text("import lib.n\n")
    (app / "lib" / "m.py").write_text("x = 1\n")
    (app / "start.sh").write_text("#!/bin/sh\n")
    (app / "start.sh").chmod(0o755)
    (app / "lib" / "n.py").symlink_to("m.py")
    (app / "library").symlink_to("lib")
    (app / "self").symlink_to(".")
    (app / "key.py").symlink_to("/etc/hostname")
    packed = application.pack(str(app))
    assert set(packed.digests) == {
        "main.py", "start.sh", "lib/m.py", "lib/n.py", "library/m.py",
    }  # fmt: skip
    assert packed.digests["lib/n.py"] == packed.digests["lib/m.py"]
    assert (packed.programs, packed.links) == (("start.sh",), ("key.py", "self"))
    assert (
        "2 links inside it as copies; left out (links and special files): key.py, self"
        in packed.why()
    )
    plan, _ = planned(app=str(app))
    assert plan.app_programs == ("start.sh",)


WEIGHT_FILES = ("pytorch_model.bin", "weights.bin", "model.pkl", "model.joblib", "model.pb")
PLAIN = (
    "env.py", "tokenizer.json", "added_tokens.json", "special_tokens_map.json", "environment.yml",
    "settings.yaml", "main.py", "data.bin", "keys.py", "caf\u00e9.txt",
)  # fmt: skip
JUDGED = {"auth.json", "secrets.py"}  # by what they hold


def test_what_an_application_may_hold(tmp_path: Path) -> None:
    for name in (*SECRETS, *WEIGHT_FILES, *PLAIN):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    packed = application.pack(str(tmp_path))
    assert set(packed.secrets) == set(SECRETS) - JUDGED
    assert set(packed.weights) == set(WEIGHT_FILES)
    assert packed.digests.keys() == set(PLAIN) | JUDGED
    assert packed.why().isprintable()


@pytest.mark.parametrize(
    ("name", "text", "stays"),
    [
        ("config.yaml", "db:\n  host: pg\n  password: thistle\n", True),
        ("config.yaml", "db:\n  host: pg\n  password: ${DB_PASSWORD}\n", False),
        ("config.yaml", "max_tokens: 4096\npad_token: <pad>\nrevision: 0f8fad5bd9cb469fa165708677289501\n", False),
        ("settings.toml", "[auth]\nsecret = 'thistle'\n", True),
        ("conf/app.ini", "[db]\nurl = postgresql://joe:thistle@pg/x\n", True),
        ("deploy.sh", "PGPASSWORD=thistle psql\n", True),
        ("deploy.sh", "PGPASSWORD=$DB_PASSWORD psql\n", False),
        ("requirements.txt", "--index-url https://joe:thistle@pypi.corp/simple\nnumpy==1.26.4\n", True),
        ("requirements.txt", "numpy==1.26.4 --hash=sha256:" + "0f8fad5b" * 8 + "\n", False),
        ("auth.json", '{"mode": "oidc"}', False),
        ("auth.json", '{"auths": {"r.io": {"auth": "am9lOnRoaXN0bGU="}}}', True),
        ("secrets.py", "import os\ndef get(name): return os.environ[name]\n", False),
        ("secrets.py", "DB_PASSWORD = 'thistle'\n", True),
        ("main.py", "DB_PASSWORD = input('password: ')\n", False),
    ],
)  # fmt: skip
def test_what_a_file_holds_decides(tmp_path: Path, name: str, text: str, stays: bool) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    (tmp_path / "start.py").write_text("x")
    packed = application.pack(str(tmp_path))
    assert (name in packed.secrets, name in packed.digests) == (stays, not stays)


def test_a_file_that_is_asked_for_by_name_is_carried_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("password: thistle\n")
    (tmp_path / "other.yaml").write_text("password: thistle\n")
    (tmp_path / ".dockerignore").write_text("!config.yaml\n")
    packed = application.pack(str(tmp_path))
    assert packed.digests.keys() == {"config.yaml"}
    assert packed.secrets == ("other.yaml",)
    assert "a line !NAME in .dockerignore carries one): other.yaml" in packed.why()


def test_names_that_are_no_text_are_spelt(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("x")
    (tmp_path / os.fsdecode(b"\xff.pem")).write_text("x")
    plan, files = planned(app=str(tmp_path))
    assert plan.decisions
    (tmp_path / "plan.json").write_bytes(files["dockerfile.json"])
    assert records.load(str(tmp_path / "plan.json")) == plan


@pytest.mark.parametrize("line", ["[z-a]", "a*b*c*d*e*f*g*h*i*zz", "x" * 400])
def test_patterns_that_nobody_can_match_are_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "main.py").write_text("x")
    (tmp_path / ".dockerignore").write_text(line + "\n")
    with pytest.raises(InputError, match=r"\.dockerignore: ") as refused:
        application.pack(str(tmp_path))
    assert "\n" not in str(refused.value)


def test_many_stars_for_folders_are_one(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a"] * 40)
    deep.mkdir(parents=True)
    (deep / "zz").write_text("x")
    (tmp_path / "main.py").write_text("x")
    (tmp_path / ".dockerignore").write_text("**/" * 12 + "zz\n")
    assert application.pack(str(tmp_path)).digests.keys() == {"main.py"}


def test_a_config_file_replaces_nothing_of_the_application(tmp_path: Path) -> None:
    (tmp_path / "here.yaml").write_bytes(b"a: 1\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app/main.py").write_text("x")
    whole = with_config(b"a: 1\n", "/srv/main.py")
    with pytest.raises(InputError, match=r"/app/main\.py would replace another file of --app"):
        planned(whole, configs={"app": str(tmp_path / "here.yaml")}, app=str(tmp_path / "app"))


def test_a_config_file_may_be_the_very_one_of_the_application(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(b"a: 1\n")
    (tmp_path / "main.py").write_text("x")
    whole = with_config(b"a: 1\n", "/srv/config.yaml")
    plan, _ = planned(whole, configs={"app": str(tmp_path / "config.yaml")}, app=str(tmp_path))
    assert [item.path for item in plan.files] == ["/app/config.yaml"]
    assert "config.yaml" in plan.app_files
    options = api.comparison(whole, plan=plan)
    assert options["configs"] == [["app", "/app/config.yaml"]]
    assert api.comparison(whole)["configs"] == []


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="not a regular file"):
        planned(extra_ca=str(tmp_path / "pipe"))


@pytest.mark.parametrize("command", ["", "''", "' '"])
def test_a_command_names_a_program(command: str) -> None:
    with pytest.raises(InputError, match="names no program"):
        planned(command=command)
    with pytest.raises(InputError, match="--healthcheck: names no program"):
        planned(healthcheck=command)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("python -m http.server 'a b'", ("python", "-m", "http.server", "a b")),
        ('["python", "-c", "print(1)"]', ("python", "-c", "print(1)")),
        *(
            (line, ("/bin/sh", "-c", line))
            for line in (
                "curl -f http://localhost/ || exit 1",
                "cd /app && python -m http.server",
                "python -m http.server $PORT",
                "FOO=1 python -m http.server",
                "python -c pass > /tmp/x",
            )
        ),
    ],
)
def test_a_line_for_a_shell_is_given_to_one(text: str, words: tuple[str, ...]) -> None:
    assert planned(command=text)[0].command == words
    assert planned(healthcheck=text)[0].healthcheck == words


@pytest.mark.parametrize("text", ["NONE", "CMD curl x", "--interval=5s CMD curl x"])
def test_an_instruction_is_no_command(text: str) -> None:
    with pytest.raises(InputError, match="give the command alone"):
        planned(healthcheck=text)


@pytest.mark.parametrize("what", ["nothing", "only secrets", "a file", "too large"])
def test_a_folder_that_gives_no_application(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "app"
    if what == "a file":
        folder.write_text("x")
    elif what != "nothing":
        folder.mkdir()
        name = ".env" if what == "only secrets" else "big.bin"
        with open(folder / name, "wb") as stream:
            stream.truncate(1 if what == "only secrets" else application.LARGEST + 1)
    with pytest.raises(InputError, match=r"^--app "):
        application.pack(str(folder))


def with_config(data: bytes, path: str | None = "/home/me/settings.yaml") -> Manifest:
    entry = Config(sha256=hashlib.sha256(data).hexdigest(), **({"path": path} if path else {}))
    return changed(manifest(), configs=Configs(complete=True, entries={"app": entry}))


def test_a_config_file_is_carried_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "here.yaml").write_bytes(b"a: 1\n")
    plan, files = planned(with_config(b"a: 1\n"), configs={"app": str(tmp_path / "here.yaml")})
    (file,) = plan.files
    assert (file.path, files[file.file]) == ("/app/settings.yaml", b"a: 1\n")
    assert file.file == f"config-{file.sha256}"
    assert "configs.app" not in {item.path for item in plan.not_carried}
    json.dumps(files["dockerfile.json"].decode())


@pytest.mark.parametrize(
    "path", ["../../root/.ssh/authorized_keys", "/etc/cron.d/x y", "C:\\x", "a\0b", "x\nRUN id", ""],
)  # fmt: skip
def test_a21_a_captured_path_names_no_place(tmp_path: Path, path: str) -> None:
    (tmp_path / "here.yaml").write_bytes(b"a: 1\n")
    plan, files = planned(
        with_config(b"a: 1\n", path), configs={"app": str(tmp_path / "here.yaml")}
    )
    (file,) = plan.files
    assert file.path.startswith("/app/")
    assert file.path.count("/") == 2
    copies = [rest for word, rest in instructions(files) if word == "COPY"]
    assert copies[-2] == f"{file.file} {file.path}"


def test_another_config_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "here.yaml").write_bytes(b"a: 2\n")
    with pytest.raises(InputError, match=r"^configs\.app: .* is not the file that was captured"):
        planned(with_config(b"a: 1\n"), configs={"app": str(tmp_path / "here.yaml")})
    with pytest.raises(InputError, match="no config file of this name"):
        planned(with_config(b"a: 1\n"), configs={"other": str(tmp_path / "here.yaml")})
    with pytest.raises(InputError, match="No such file"):
        planned(with_config(b"a: 1\n"), configs={"app": str(tmp_path / "gone.yaml")})


def test_a_ca_is_trusted_by_the_build_stage_only(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(PEM)
    _, files = planned(extra_ca=str(tmp_path / "ca.pem"))
    text = files["Dockerfile"].decode()
    last = text[text.rindex("\nFROM ") :]
    assert "extra-ca" not in last
    assert text.count("export PIP_CERT=/tmp/envsnap/extra-ca.crt") == 2
    assert files["extra-ca.crt"] == PEM


@pytest.mark.parametrize("data", [b"", b"hello", PEM + b"-----BEGIN PRIVATE KEY-----\n"])
def test_what_is_no_file_of_certificates(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "ca.pem").write_bytes(data)
    with pytest.raises(InputError, match="not a file of certificates"):
        planned(extra_ca=str(tmp_path / "ca.pem"))


def test_an_image_stands_in_for_the_base() -> None:
    plan, files = planned(stand_ins={"python:3.11.7-slim-bookworm": "mine:1"})
    assert instructions(files)[0] == ("FROM", "mine:1 AS base")
    assert plan.base.stands_in_for == "python:3.11.7-slim-bookworm"
    with pytest.raises(InputError, match="the plan names no such image: python:3"):
        planned(stand_ins={"python:3.8": "mine:1"})
    for wrong in ("x y", "x\nRUN id", "$X", "-x", "X:1", ""):
        with pytest.raises(InputError, match=r"^--base-image: "):
            planned(stand_ins={"python:3.11.7-slim-bookworm": wrong})


@settings(max_examples=200)
@given(text=st.text(max_size=60))
def test_a_command_is_its_words_or_refused(text: str) -> None:
    try:
        plan, files = planned(command=text)
    except InputError as error:
        assert str(error).startswith("--cmd")
        assert "\n" not in str(error) or "\n" in text
        return
    found = instructions(files)
    assert [rest for word, rest in found if word == "CMD"] == [json.dumps(list(plan.command))]
    assert len(found) == len(instructions(planned(command="python")[1]))


def test_what_the_hub_fetches_has_a_folder_of_the_users_own() -> None:
    """A volume that is mounted there takes over its owner; who names a place gets that one."""
    whole = manifest(packages={"huggingface-hub": "0.26.2"})
    plan, files = planned(whole)
    assert plan.environment["HF_HOME"] == "/app/.cache/huggingface"
    made = next(rest for word, rest in instructions(files) if word == "RUN" and "useradd" in rest)
    assert "mkdir -p /app /app/.cache /app/.cache/huggingface" in made
    assert "chown 10001:10001 /app /app/.cache /app/.cache/huggingface" in made
    elsewhere, _ = planned(whole, env={"HF_HOME": "/models"})
    assert elsewhere.environment["HF_HOME"] == "/models"
    without, _ = planned()
    assert "HF_HOME" not in without.environment


def test_what_weights_name_beside_them_is_carried_with_them(tmp_path: Path) -> None:
    entries = {}
    for key, name in (("m", "net.onnx"), ("m/net.onnx.data", "net.onnx.data")):
        (tmp_path / name).write_bytes(name.encode())
        digest = hashlib.sha256(name.encode()).hexdigest()
        entries[key] = Weight(path=f"/srv/{name}", sha256=digest)
    captured = Weights(complete=True, gaps={}, entries=entries)
    whole = changed(manifest(packages={"numpy": "1.26.4"}), weights=captured)
    plan, _ = planned(whole, weights={"m": str(tmp_path / "net.onnx")})
    assert {item.path for item in plan.weights} == {"/app/net.onnx", "/app/net.onnx.data"}
    (tmp_path / "net.onnx.data").write_bytes(b"another")
    with pytest.raises(InputError, match="is not the file that was captured"):
        planned(whole, weights={"m": str(tmp_path / "net.onnx")})


def test_a_folder_of_weights_is_carried_as_it_was_captured(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    held = {"m/config.json": b"{}", "m/sub/part.safetensors": b"x"}
    for name, data in held.items():
        (folder / name.removeprefix("m/")).write_bytes(data)
    entries = {
        name: Weight(path=f"/srv/{name}", sha256=hashlib.sha256(data).hexdigest())
        for name, data in held.items()
    }
    captured = Weights(complete=True, gaps={}, entries=entries)
    whole = changed(manifest(packages={"numpy": "1.26.4"}), weights=captured)
    plan, _ = planned(whole, weights={"m": str(folder)})
    assert {item.name: item.path for item in plan.weights} == {
        "m/config.json": "/app/model/config.json",
        "m/sub/part.safetensors": "/app/model/sub/part.safetensors",
    }
    with pytest.raises(InputError, match="states no weights of that name"):
        planned(whole, weights={"other": str(folder)})
    (folder / "config.json").write_bytes(b"other")
    with pytest.raises(InputError, match="is not the file that was captured"):
        planned(whole, weights={"m": str(folder)})


def test_what_a_file_holds_counts_and_not_its_name_alone(tmp_path: Path) -> None:
    token = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ12345678"
    key = (
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n"
    )
    certificate = "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIE\n-----END CERTIFICATE-----\n"
    holding = {
        "deploy_key": key, "env.sh": f"export HF_TOKEN={token}\n", "settings.py": f'TOKEN = "{token}"\n',
        "sa.json": '{"private_key": ' + repr(key).replace("'", '"') + "}", "bundle.pem": certificate + key,
        ".vault_pass": "quiet otter", "ansible/vault_pass.txt": "quiet otter", ".env.example.pem": key,
    }  # fmt: skip
    open_ = {
        "main.py": "print('hf_token')\n", "certs/ca.pem": certificate, ".env.example": "HF_TOKEN=\n",
        "id_rsa.pub": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAB me@host\n", "config.yaml": "max_tokens: 3\n",
    }  # fmt: skip
    for name, text in {**holding, **open_}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    packed = application.pack(str(tmp_path))
    assert set(packed.secrets) == set(holding)
    assert packed.digests.keys() == set(open_)


def test_an_example_with_a_token_in_it_stays_behind(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("1\n")
    (tmp_path / ".env.example").write_text("HF_TOKEN=hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ12345678\n")
    assert application.pack(str(tmp_path)).secrets == (".env.example",)


def test_a_secret_that_is_a_link_or_that_nobody_may_read_stays_behind(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("1\n")
    (tmp_path / ".env.example").symlink_to("main.py")
    os.mkfifo(tmp_path / "server.key")
    (tmp_path / "ca.pem").symlink_to("/nowhere")
    packed = application.pack(str(tmp_path))
    assert set(packed.secrets) == {".env.example", "server.key", "ca.pem"}


@pytest.mark.parametrize(
    ("name", "value", "is_secret"),
    [("DB_PASSWORD", "thistle", True), ("OPENAI_API_KEY", "sk-proj-" + "a8Fk2" * 9, True),
     ("OPENAI_API_KEY", "EMPTY", False), ("MODEL", "thistle", False)],
)  # fmt: skip
def test_a_secret_that_is_asked_for_is_not_printed(name: str, value: str, is_secret: bool) -> None:
    plan, _ = planned(env={name: value})
    (told,) = (item for item in plan.decisions if item.subject == f"env_vars.{name}")
    assert (value in told.choice) is not is_secret
    assert ("whoever has the image can read it" in told.why) is is_secret
    assert plan.environment[name] == value
