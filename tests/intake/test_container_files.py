"""What runs containers, described in several ways: the same is no difference, the image comes first."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from envsnap import api
from envsnap.intake import foreign
from tests.conftest import Run
from tests.intake.test_format_cases import source

POD = source("kubernetes-live-pod").read_text()
MANIFEST = source("kubernetes-deployment").read_text()


def live_deployment() -> str:
    """The deployment as `kubectl get -o yaml` shows it: with the cluster's defaults and state."""
    tree = yaml.safe_load(MANIFEST)
    pod = yaml.safe_load(POD)["spec"]
    spec: dict[str, Any] = tree["spec"]
    names = ("nodeName", "tolerations", "priority", "preemptionPolicy", "enableServiceLinks")
    spec["template"]["spec"] = {key: value for key, value in pod.items() if key not in names}
    spec["template"]["metadata"]["creationTimestamp"] = None
    spec |= {
        "progressDeadlineSeconds": 600,
        "revisionHistoryLimit": 10,
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
        },
    }
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    tree["metadata"] |= {
        "uid": "8f6c2a44-5a0e-4f55-9a38-0a2b0f1c9d7e",
        "resourceVersion": "991",
        "generation": 4,
        "annotations": {"deployment.kubernetes.io/revision": "4", applied: "{}"},
    }
    tree["status"] = {"readyReplicas": 3, "observedGeneration": 4}
    return yaml.safe_dump(tree)


def as_json(text: str) -> str:
    return json.dumps(yaml.safe_load(text), indent=4)


DESCRIBED = {
    "manifest": MANIFEST,
    "manifest as json": as_json(MANIFEST),
    "live pod": POD,
    "live pod as json": as_json(POD),
    "list of one live pod": yaml.safe_dump(
        {"apiVersion": "v1", "kind": "PodList", "items": [yaml.safe_load(POD)]}
    ),
    "live deployment": live_deployment(),
}
CHANGES = {
    "image": ("rank:2.0.1", "rank:2.1.0"),
    "OMP_NUM_THREADS": ('"4"\n', '"8"\n'),
    "name": ("name: model-config", "name: other-config"),
}


def found(first: str, second: str) -> list[tuple[str, ...]]:
    sides = (foreign.load(text.encode(), "input", "input.yml").manifest for text in (first, second))
    return [finding.path for finding in api.diff(*sides).findings]


@pytest.mark.parametrize("pair", list(itertools.permutations(DESCRIBED, 2)), ids="-".join)
def test_a_pod_and_what_makes_it_do_not_differ(pair: tuple[str, str]) -> None:
    assert found(*(DESCRIBED[name] for name in pair)) == []


def test_of_a_live_pod_against_its_manifest_the_image_is_all_that_is_told() -> None:
    newer = MANIFEST.replace("rank:2.0.1", "rank:2.1.0")
    (path,) = found(newer, POD)
    assert path[-1] == "image"


def test_of_two_live_pods_the_image_comes_first_and_nothing_is_noise() -> None:
    other = (
        POD.replace("6c9f7d8b5", "7d44ffcd9").replace("x2v9k", "q8mzt").replace("10.42.7.19", "10.42.3.4")
        .replace("gpu-node-11", "gpu-node-12").replace("7hq2z", "lw5sn").replace("rank:2.0.1", "rank:2.1.0")
        .replace("1f3b5d7e", "0a0b0c0d").replace('value: "4"', 'value: "8"')
    )  # fmt: skip
    told = found(POD, other)
    assert {path[-1] for path in told} == {"image", "OMP_NUM_THREADS", "server"}
    assert told[0][-1] in ("image", "OMP_NUM_THREADS")


def test_a_tag_that_moved_is_told_by_the_digest_that_runs() -> None:
    (path,) = found(POD, POD.replace("1f3b5d7e", "0a0b0c0d"))
    assert path == ("configs", "running_images", "server")


COMPOSED = """services:
  server:
    image: registry.example.org/rank:2.0.1
    environment: [OMP_NUM_THREADS=4, HF_HOME=/models, REGION]
    shm_size: 2gb
    ports: ["80:8080"]
    volumes: ["cache:/cache"]
    deploy: {resources: {limits: {cpus: "4", memory: 16G}}}
volumes: {cache: {}}
"""


def test_a_compose_file_is_what_docker_compose_config_prints_of_it() -> None:
    printed = source("compose-config-json").read_text()
    for form in (printed, yaml.safe_dump(json.loads(printed))):
        assert found(COMPOSED, form) == []
        assert found(form, COMPOSED) == []
    assert [path[-1] for path in found(COMPOSED.replace("2.0.1", "2.1"), printed)] == ["image"]


def test_what_the_shell_decides_is_no_difference() -> None:
    asked = COMPOSED.replace("rank:2.0.1", "rank:${TAG:-2.0.1}")
    assert found(asked, source("compose-config-json").read_text()) == []


CONFIG = {
    "Env": ["OMP_NUM_THREADS=4"], "Cmd": ["--port", "80"], "Entrypoint": ["/serve"], "User": "app",
    "WorkingDir": "/srv", "Labels": {"org.opencontainers.image.version": "2"},
}  # fmt: skip
IMAGE = {
    "Id": "sha256:" + "a" * 64, "RepoTags": ["rank:2", "rank:latest"], "Config": CONFIG, "Os": "linux",
    "Architecture": "amd64", "RepoDigests": ["rank@sha256:" + "b" * 64],
}  # fmt: skip
CONTAINER = {
    "Id": "c" * 64, "Image": IMAGE["Id"], "Name": "/x", "Created": "2026-01-01T00:00:00Z",
    "Config": {**CONFIG, "Image": "rank:latest", "Hostname": "c" * 12},
    "HostConfig": {"Memory": 0, "NanoCpus": 0, "ShmSize": 2 << 30, "IpcMode": "private", "Runtime": "runc"},
    "Mounts": [{"Type": "volume", "Name": "d" * 64, "Destination": "/cache", "RW": True}],
}  # fmt: skip


def test_an_image_and_a_container_of_it_do_not_differ() -> None:
    image, container = json.dumps([IMAGE]), json.dumps([CONTAINER])
    assert found(image, container) == found(container, image) == []
    other = json.dumps([{**CONTAINER, "Image": "sha256:" + "e" * 64}])
    assert [path[-1] for path in found(image, other)] == ["id"]


def test_two_containers_of_one_image_do_not_differ() -> None:
    volume = [{**CONTAINER["Mounts"][0], "Name": "f" * 64}]  # type: ignore[index]
    other = {**CONTAINER, "Id": "9" * 64, "Name": "/y", "Mounts": volume}
    assert found(json.dumps([CONTAINER]), json.dumps([other])) == []


DOCKERFILE = """FROM base:1 AS first
WORKDIR /srv
RUN apt-get update && apt-get install -y libgl1
RUN make
RUN pip uninstall -y numpy && pip install --no-deps lib
COPY --from=first /a /b
CMD ["--port", "80"]
FROM first
ARG WHO=app
USER ${WHO}
WORKDIR app
ENTRYPOINT ["python", "serve.py"]
"""


@pytest.mark.parametrize(
    ("ours", "theirs", "named"),
    [
        ("WORKDIR app", "WORKDIR /srv/app", []),
        ("WORKDIR app", "WORKDIR other", ["workdir"]),
        ("WHO=app", "WHO=root", ["user"]),
        ('"--port", "80"', '"--port", "90"', []),  # the last stage's ENTRYPOINT drops it
        ("serve.py", "debug.py", ["entrypoint.1"]),
        ('"serve.py"]\n', '"serve.py"]\nCMD ["--slow"]\n', ["command"]),
        ("install -y libgl1", "install -y libgl1 ffmpeg", ["run.apt-get install"]),
        ("apt-get update && ", "", []),
        ("RUN make\n", "RUN make\nRUN ./configure --fast\n", ["run.configure"]),
        ("uninstall -y numpy", "uninstall -y scipy", ["run.pip uninstall"]),
        ("--no-deps lib", "lib", ["run.pip install"]),
        ("COPY --from=first /a /b", "COPY --from=first /c /b", ["copy./b"]),
    ],
)
def test_what_a_dockerfile_starts_is_compared(ours: str, theirs: str, named: list[str]) -> None:
    other = DOCKERFILE.replace(ours, theirs)
    assert other != DOCKERFILE
    assert [".".join(path[2:]) for path in found(DOCKERFILE, other)] == named


@pytest.mark.parametrize(
    ("ours", "theirs", "named"),
    [
        ("limit: 3", "limit: 4", ["files./app/a.yaml.0"]),
        ("linux/arm64", "linux/amd64", ["platform"]),
        ("ONBUILD COPY . /app", "ONBUILD COPY src /app", ["onbuild.0"]),
        ("<<EOF /app/a.yaml", "<<'EOF' /app/a.yaml", []),
        ("# syntax=docker/dockerfile:1\n", "", []),
    ],
)
def test_what_a_dockerfile_holds_itself_is_compared(
    ours: str, theirs: str, named: list[str]
) -> None:
    text = (
        "# syntax=docker/dockerfile:1\nFROM --platform=linux/arm64 python:3.11\n"
        "COPY <<EOF /app/a.yaml\nlimit: 3\npassword: Birkenhain_77\nEOF\nONBUILD COPY . /app\n"
        "RUN pip install numpy==2.1.0\n"
    )
    other = text.replace(ours, theirs)
    assert other != text
    assert [".".join(path[2:]) for path in found(text, other)] == named


def test_a_file_inside_of_a_dockerfile_is_looked_through(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.11\nCOPY <<EOF /app/.env\nLEVEL=3\nDB_PASSWORD=Birkenhain_77\nEOF\n"
    )
    (tmp_path / "other").write_text(
        "FROM python:3.11\nCOPY <<EOF /app/.env\nLEVEL=4\nDB_PASSWORD=Ulmenweg_88\nEOF\n"
    )
    done = envsnap("diff", "Dockerfile", "other")
    assert 'dockerfile.files["/app/.env"]' in done.stdout
    assert "1 secret value left out" in done.stdout
    assert "Birkenhain" not in done.stdout + done.stderr


@pytest.fixture
def engine() -> Iterator[Any]:
    """A client of the Docker Engine that answers."""
    from tests.engine import connected

    client = connected()
    yield client
    client.close()


def test_a_real_container_and_its_image(engine: Any) -> None:
    changes = ["ENV OMP_NUM_THREADS=4 HF_TOKEN=hunter2hunter2", 'ENTRYPOINT ["/x"]', "LABEL a=b"]
    engine.api.import_image_from_data(
        _tar(), repository="envsnap-formats", tag="1", changes=changes
    )
    image = engine.images.get("envsnap-formats:1")
    made = [
        engine.containers.create("envsnap-formats:1", mem_limit="64m", shm_size="2g")
        for _ in range(2)
    ]
    try:
        texts = [json.dumps([item.attrs]) for item in (image, *made)]
        for first, second in itertools.permutations(texts, 2):
            assert found(first, second) == []
        told = foreign.load(texts[1].encode(), "input", "input").manifest.sections
        assert told.env_vars.entries["OMP_NUM_THREADS"] == "4"  # type: ignore[union-attr]
        assert "HF_TOKEN" in told.env_vars.gaps  # type: ignore[union-attr]
        assert told.system.cgroup_memory_limit == 64 << 20  # type: ignore[union-attr]
        assert told.configs.entries["container"].tree["id"] == image.id  # type: ignore[union-attr,index,call-overload]
    finally:
        for item in made:
            item.remove(force=True)
        engine.images.remove("envsnap-formats:1")


def _tar() -> bytes:
    import io
    import tarfile

    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as target:
        target.addfile(tarfile.TarInfo("x"), io.BytesIO(b""))
    return data.getvalue()


MADE = [
    ("FROM nvidia/cuda:12.4.1-base\nENV LD_LIBRARY_PATH={}:${{LD_LIBRARY_PATH}}\nRUN pip install numpy==1.26.4\n", "LD_LIBRARY_PATH", "Dockerfile"),
    ("services:\n  a:\n    image: x:1\n    environment:\n      LD_LIBRARY_PATH: {}:${{LD_LIBRARY_PATH}}\n", "LD_LIBRARY_PATH", "compose.yaml"),
    ("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: x:1\n    name: a\n    env:\n    - name: HF_HOME\n      value: $(UNSET){}\n", "HF_HOME", "pod.yaml"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name", "called"), MADE)
def test_a_value_that_something_else_completes_is_not_lost(
    text: str, name: str, called: str
) -> None:
    read = foreign.load(text.format("/a").encode(), called, called)
    section = read.manifest.sections.env_vars
    assert "makes its value from" in section.gaps[name]
    assert f"does not state env_vars.{name}" in read.notes[0]


def test_what_a_dockerfile_puts_before_a_path_is_compared() -> None:
    text = MADE[0][0]
    assert found(text.format("/a"), text.format("/b")) == [
        ("configs", "dockerfile", "env", "LD_LIBRARY_PATH")
    ]


MAP = """apiVersion: v1
kind: ConfigMap
metadata: {name: trainer-env}
data: {OMP_NUM_THREADS: "COUNT", level: info}
---
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers:
  - name: a
    image: x:1
    envFrom:
    - configMapRef: {name: trainer-env}
    env:
    - name: LOG_LEVEL
      valueFrom: {configMapKeyRef: {name: trainer-env, key: level}}
    - name: CACHE
      value: /data/$(LOG_LEVEL)
"""


def test_variables_of_a_config_map_in_the_same_file_are_read() -> None:
    assert found(MAP.replace("COUNT", "6"), MAP.replace("COUNT", "8")) == [
        ("env_vars", "OMP_NUM_THREADS")
    ]
    entries = foreign.load(MAP.encode(), "a.yaml", "a.yaml").manifest.sections.env_vars.entries
    assert entries == {
        "OMP_NUM_THREADS": "COUNT", "level": "info", "LOG_LEVEL": "info", "CACHE": "/data/info"
    }  # fmt: skip


def test_a_map_that_stands_elsewhere_is_told() -> None:
    text = MAP.partition("---\n")[2]
    read = foreign.load(text.encode(), "a.yaml", "a.yaml")
    assert "variables of a ConfigMap or a Secret that stands elsewhere" in read.notes[0]
