"""A table of what can be done to a built image, on a real engine: each is caught and named.

The image is made once; each row is one more image on top of it, or a container that was changed.
Rows are kinds, not places: the mechanisms behind them are digests of what is there, the image's
configuration, and the layers above those of the plan.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import engine as engines
from tests.conftest import COMMAND, Run
from tests.image.test_build_and_prove import (
    CONFIG,
    INSTALL,
    SITE,
    SMALL,
    base,
    engine,
    environment,
    image_of,
    trust,
)

__all__ = ["base", "engine"]
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
WEIGHTS = b"\x00weights" * 4096
LIBRARY = "/usr/lib/python3.11"
NAMED = ("--config", "app=/app/settings.yaml", "--weights", "m=/app/model.bin")


@pytest.fixture(scope="module")
def proven(
    engine: Any, base: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """A built and proven image, and the folder with the manifest that it was made from."""
    folder = tmp_path_factory.mktemp("proven")
    (folder / "settings.yaml").write_bytes(CONFIG)
    (folder / "model.bin").write_bytes(WEIGHTS)
    (folder / "app").mkdir()
    (folder / "app" / "serve.py").write_text("import numpy\nprint(numpy.zeros(2))\n")
    plain = environment(engine, base, list(SMALL))
    dev = image_of(
        engine, [f"FROM {plain}", "COPY model.bin /srv/model.bin"], {"model.bin": WEIGHTS}
    )
    for arguments in (
        ["capture", "--image", dev, "-o", "dev.json", "--config", "app=/srv/settings.yaml",
         "--weights", "m=/srv/model.bin"],
        ["build", "dev.json", "-t", "envsnap-test:proven", "-o", "context", "--config",
         "app=settings.yaml", "--weights", "m=model.bin", "--app", "app",
         "--cmd", "python serve.py", *trust()],
    ):  # fmt: skip
        done = subprocess.run(
            [COMMAND, *arguments], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    yield "envsnap-test:proven", folder
    engine.images.remove("envsnap-test:proven", force=True)
    engine.images.remove(dev, force=True)


def rooted(*lines: str) -> tuple[str, ...]:
    """Lines as root, after which the image's own user is back."""
    return ("USER 0", *lines, "USER 10001:10001")


PYC = (
    f"import py_compile, importlib.util as u, pathlib; source = pathlib.Path('{SITE}/six.py');"
    " target = u.cache_from_source(str(source)); text = source.read_text();"
    " source.write_text(text + '\\nEVIL = 1\\n');"
    " py_compile.compile(str(source), target, invalidation_mode="
    "py_compile.PycInvalidationMode.UNCHECKED_HASH); source.write_text(text)"
)
# Name, lines, and a path or the beginning of one that has to be named.
SABOTAGES = [
    ("a byte of a shared object", rooted(f"RUN printf x >> $(ls {SITE}/numpy/core/*.so | head -1)"), "packages.numpy.altered"),
    ("RECORD rewritten", rooted(f"RUN sed -i 's/^six.py.*/six.py,sha256=abc,1/' {SITE}/six-1.16.0.dist-info/RECORD"), "packages.six.record_sha256"),
    ("another version", rooted(f"RUN {INSTALL} six==1.15.0"), "packages.six.version"),
    ("one more distribution", rooted(f"RUN {INSTALL} toml==0.10.2"), "packages.toml"),
    ("LANG", ("ENV LANG=POSIX",), "env_vars.LANG"),
    ("a thread count", ("ENV OMP_NUM_THREADS=4",), "env_vars.OMP_NUM_THREADS"),
    ("LD_PRELOAD", rooted("ENV LD_PRELOAD=/lib/x86_64-linux-gnu/libm.so.6"), "env_vars.LD_PRELOAD"),
    ("PYTHONPATH", ("ENV PYTHONPATH=/opt/evil",), "env_vars.PYTHONPATH"),
    ("TZ", ("ENV TZ=Asia/Tokyo",), "env_vars.TZ"),
    ("a variable nobody lists", ("ENV APP_MODE=evil",), "image.env.APP_MODE"),
    ("PATH", ("ENV PATH=/opt/evil:/opt/venv/bin:/usr/bin:/bin",), "image.env.PATH"),
    ("an edited module", rooted(f"RUN sed -i '1s/^/EVIL = 1\\n/' {SITE}/six.py"), "packages.six.altered"),
    ("swapped weights", rooted("RUN printf x >> /app/model.bin"), "weights.m.sha256"),
    ("weights gone", rooted("RUN rm /app/model.bin"), "weights.m"),
    ("an altered config", rooted("RUN sed -i s/DEBUG/INFO/ /app/settings.yaml"), "configs.app.logging.level"),
    ("a .pth", rooted(f"RUN echo 'import sys' > {SITE}/evil.pth"), 'python.startup_code["evil.pth"]'),
    ("a .pth of a folder", rooted(f"RUN echo /opt/evil > {SITE}/evil.pth"), 'python.loose_modules["evil.pth"]'),
    ("sitecustomize beside the packages", rooted(f"RUN echo 'EVIL = 1' > {SITE}/sitecustomize.py"), 'python.loose_modules["sitecustomize.py"]'),
    ("sitecustomize of the system", rooted("RUN echo 'EVIL = 1' >> /etc/python3.11/sitecustomize.py"), 'python.startup_code["sitecustomize.py"]'),
    ("/etc/ld.so.preload", rooted("RUN echo /lib/x86_64-linux-gnu/libm.so.6 > /etc/ld.so.preload"), "system.preload"),
    ("the standard library", rooted(f"RUN sed -i '1s/^/EVIL = 1\\n/' {LIBRARY}/random.py"), "python.library.core"),
    ("a module more in it", rooted(f"RUN echo 'EVIL = 1' > {LIBRARY}/evil.py"), "python.library.core"),
    ("the interpreter's bytes", rooted("RUN printf x >> /usr/bin/python3.11"), "python.interpreter.executable"),
    ("tampered byte code", rooted("RUN " + json.dumps(["/usr/bin/python3.11", "-c", PYC])), f'python.byte_code["{SITE}/__pycache__/six.cpython-311.pyc"]'),
    ("a loose module", rooted(f"RUN echo 'EVIL = 1' > {SITE}/sitetools.py"), 'python.loose_modules["sitetools.py"]'),
    ("a loose package", rooted(f"RUN mkdir {SITE}/evil && echo 'EVIL = 1' > {SITE}/evil/__init__.py"), "python.loose_modules.evil"),
    ("a module inside a package", rooted(f"RUN echo 'EVIL = 1' > {SITE}/numpy/evil.py"), f'image.files["{SITE}/numpy/evil.py"]'),
    ("/app/numpy.py", rooted("RUN echo 'EVIL = 1' > /app/numpy.py"), "python.shadows.numpy"),
    ("the application", rooted("RUN echo 'EVIL = 1' >> /app/serve.py"), 'image.files["/app/serve.py"]'),
    ("USER root", ("USER root",), "image.user"),
    ("ENTRYPOINT", ('ENTRYPOINT ["/bin/sh"]',), "image.entrypoint"),
    ("CMD", ('CMD ["python", "-c", "pass"]',), "image.command"),
    ("WORKDIR", ("WORKDIR /opt",), "image.working_folder"),
    ("HEALTHCHECK", ("HEALTHCHECK CMD touch /tmp/x",), "image.healthcheck"),
    ("ONBUILD", ("ONBUILD RUN true",), "image.on_build"),
    ("SHELL", ('SHELL ["/bin/bash", "-c"]',), "image.shell"),
    ("STOPSIGNAL", ("STOPSIGNAL SIGKILL",), "image.stop_signal"),
    ("VOLUME", ("VOLUME /app",), "image.volumes"),
    ("EXPOSE", ("EXPOSE 22",), "image.exposed_ports"),
    ("a label of ours", ("LABEL io.envsnap.fingerprint=sha256:0",), 'image.labels["io.envsnap.fingerprint"]'),
    ("rights of a folder", rooted(f"RUN chmod 777 {SITE}"), f'image.files["{SITE}"]'),
    ("owner of a folder", rooted("RUN chown 10001 /opt/venv"), 'image.files["/opt/venv"]'),
    ("code in a cache", rooted("RUN mkdir /tmp/torchinductor_app && echo 'EVIL = 1' > /tmp/torchinductor_app/c.py"), 'image.files["/tmp/torchinductor_app/c.py"]'),
    ("the plan in the image", rooted("RUN echo >> /usr/share/envsnap/dockerfile.json"), 'image.files["/usr/share/envsnap/dockerfile.json"]'),
    ("the plan's label", ("LABEL io.envsnap.plan=sha256:0",), "image.plan"),
    ("no certificates", rooted("RUN rm -rf /etc/ssl/certs"), "system.certificates"),
    ("one certificate more", rooted("RUN echo '-----BEGIN' >> /etc/ssl/certs/ca-certificates.crt"), 'image.files["/etc/ssl/certs/ca-certificates.crt"]'),
    ("a virtual environment that sees more", rooted("RUN sed -i s/false/true/ /opt/venv/pyvenv.cfg"), "python.system_site_packages"),
    ("a library of the system", rooted("RUN printf x >> $(readlink -f /lib/x86_64-linux-gnu/libz.so.1)"), 'image.files["/usr/lib/x86_64-linux-gnu/libz.so'),
    ("a library that is gone", rooted("RUN rm $(readlink -f /lib/x86_64-linux-gnu/libsqlite3.so.0)"), "system.altered_files"),
    ("a module that cannot be read", rooted(f"RUN chmod 000 {SITE}/six.py"), "packages.six.altered"),
    ("another user's home", rooted("RUN echo 'app:x:10001:10001::/tmp:/bin/sh' > /etc/passwd"), 'image.files["/etc/passwd"]'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "path"), [row[1:] for row in SABOTAGES], ids=[row[0] for row in SABOTAGES]
)
def test_each_is_caught_and_named(
    engine: Any,
    proven: tuple[str, Path],
    envsnap: Run,
    tmp_path: Path,
    lines: tuple[str, ...],
    path: str,
) -> None:
    """With nothing but the manifest: no plan is given, so the image's own counts."""
    image, folder = proven
    ca = Path(engines.CERTIFICATES)
    data = ca.read_bytes() if ca.exists() else b""
    spoilt = image_of(
        engine, [f"FROM {image}", "COPY ca.crt /tmp/ca.crt", *lines], {"ca.crt": data}
    )
    try:
        done = envsnap("verify", folder / "dev.json", "--image", spoilt, "-o", "proof.json", *NAMED)
    finally:
        engine.images.remove(spoilt, force=True)
    assert done.returncode == 5, done.stderr
    found = [item["path"] for item in json.loads((tmp_path / "proof.json").read_text())["differs"]]
    assert any(item.startswith(path) for item in found), found


def test_what_is_not_spoilt_is_proven_alone_and_with_its_plan(
    engine: Any, proven: tuple[str, Path], envsnap: Run
) -> None:
    """build and verify agree; so does an image on top of it that changes nothing."""
    image, folder = proven
    alone = envsnap("verify", folder / "dev.json", "--image", image, *NAMED)
    assert alone.returncode == 0, alone.stderr
    plan = ("--plan", folder / "context" / "dockerfile.json")
    again = envsnap("verify", folder / "dev.json", "--image", image, *NAMED, *plan)
    assert again.returncode == 0, again.stderr
    harmless = image_of(engine, [f"FROM {image}", "LABEL who=me", "COPY x /tmp/x"], {"x": b"x"})
    try:
        same = envsnap("verify", folder / "dev.json", "--image", harmless, *NAMED)
    finally:
        engine.images.remove(harmless, force=True)
    assert same.returncode == 0, same.stderr


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_a_rebuild_stays_proven(
    engine: Any, proven: tuple[str, Path], envsnap: Run, builder: str
) -> None:
    image, folder = proven
    assert image
    options = (
        "--builder", builder, "--no-cache", "--reproducible", "--config",
        f"app={folder}/settings.yaml", "--weights", f"m={folder}/model.bin", "--app",
        f"{folder}/app", "--cmd", "python serve.py", *trust(),
    )  # fmt: skip
    made = envsnap("build", folder / "dev.json", "-t", f"envsnap-test:re-{builder}", *options)
    assert made.returncode == 0, made.stderr
    found = envsnap("verify", folder / "dev.json", "--image", f"envsnap-test:re-{builder}", *NAMED)
    engine.images.remove(f"envsnap-test:re-{builder}", force=True)
    assert found.returncode == 0, found.stderr


def test_a_container_that_was_changed_is_caught(
    engine: Any, proven: tuple[str, Path], envsnap: Run
) -> None:
    image, folder = proven
    with engines.running(engine, image, user="0") as container:
        target = ("--container", container.name, *NAMED)
        container.exec_run(["sh", "-c", "echo log > /app/run.log"])
        before = envsnap("verify", folder / "dev.json", *target)
        container.exec_run(["sh", "-c", f"echo 'EVIL = 1' > {SITE}/numpy/evil.py"])
        after = envsnap("verify", folder / "dev.json", *target)
    assert before.returncode == 0, before.stderr
    assert after.returncode == 5
    assert f'differs: image.files["{SITE}/numpy/evil.py"]' in after.stderr


def test_the_application_is_compared_file_by_file(
    engine: Any, proven: tuple[str, Path], envsnap: Run, tmp_path: Path
) -> None:
    """Where neither layers nor history show an edit: a mount, and a context that was edited."""
    image, folder = proven
    edited = tmp_path / "serve.py"
    edited.write_text("import numpy\nprint(numpy.ones(2))\n")
    with engines.running(
        engine, image, volumes={str(edited): {"bind": "/app/serve.py", "mode": "ro"}}
    ) as container:
        mounted = envsnap("verify", folder / "dev.json", "--container", container.name, *NAMED)
    assert mounted.returncode == 5, mounted.stderr
    assert 'differs: image.app["serve.py"]' in mounted.stderr
    assert "mounted from outside: /app/serve.py" in mounted.stderr
    context = tmp_path / "context"
    shutil.copytree(folder / "context", context)
    with tarfile.open(context / "app.tar", "w") as tar:
        tar.add(edited, "serve.py")
    made, _ = engine.images.build(path=str(context), rm=True)
    try:
        done = envsnap("verify", folder / "dev.json", "--image", made.id, *NAMED)
    finally:
        engine.images.remove(made.id, force=True)
    assert done.returncode == 5, done.stderr
    assert 'differs: image.app["serve.py"]' in done.stderr


def test_what_is_named_is_compared_and_what_is_not_is_said(
    proven: tuple[str, Path], envsnap: Run
) -> None:
    image, folder = proven
    start = ("verify", folder / "dev.json", "--image", image)
    unasked = envsnap(*start)
    assert unasked.returncode == 0, unasked.stderr
    elsewhere = envsnap("verify", folder / "dev.json", "--python", sys.executable)
    assert "configs.app" not in elsewhere.stderr.split("as announced")[0]
    assert "weights.m: it was not asked for" in elsewhere.stderr
    missing = envsnap(*start, "--weights", "m=/app/nowhere.bin")
    assert missing.returncode == 5
    assert "differs: weights.m" in missing.stderr
    unknown = envsnap(*start, "--config", "other=/app/settings.yaml")
    assert unknown.returncode == 2
    assert "the manifest has no file of this name to compare with (it has: app)" in unknown.stderr


def test_byte_code_follows_an_honest_edit(engine: Any, proven: tuple[str, Path]) -> None:
    """Checked-hash byte code: an edit of the source has its effect."""
    image, _ = proven
    said = engine.containers.run(
        image,
        ["sh", "-c", f"echo 'print(\"edited\")' >> {SITE}/six.py; python -c 'import six'"],
        user="0",
        remove=True,
    )
    assert b"edited" in said


def test_a_command_has_to_pass_in_the_image(proven: tuple[str, Path], envsnap: Run) -> None:
    """No network unless asked, and the reason is in what is said."""
    image, folder = proven
    start = ("verify", folder / "dev.json", "--image", image, "--smoke")
    passed = envsnap(*start, "python -c 'import numpy, serve'")
    assert passed.returncode == 0, passed.stderr
    failed = envsnap(*start, "python -c 'import flask'")
    assert failed.returncode == 5
    assert "differs: smoke: captured 0, inside 1" in failed.stderr
    assert "No module named 'flask'" in failed.stderr
    alone = envsnap(*start, "python -c 'import socket; socket.if_nameindex()[1]'")
    assert alone.returncode == 5
    linked = envsnap(
        *start, "python -c 'import socket; socket.if_nameindex()[1]'", "--smoke-network"
    )
    assert linked.returncode == 0, linked.stderr
    assert envsnap(*start, "nothing-of-this-name").returncode == 5


def test_an_image_whose_command_fails_gets_no_name(
    engine: Any, proven: tuple[str, Path], envsnap: Run
) -> None:
    image, folder = proven
    assert image
    done = envsnap(
        "build", folder / "dev.json", "-t", "envsnap-test:unnamed", "--smoke", "python -c 'import x'",
        "--config", f"app={folder}/settings.yaml", "--weights", f"m={folder}/model.bin", *trust(),
    )  # fmt: skip
    assert done.returncode == 5, done.stderr
    assert "was not named envsnap-test:unnamed" in done.stderr
    assert engine.images.list("envsnap-test:unnamed") == []


def test_facts_that_were_gathered_elsewhere_are_judged_alike(
    engine: Any, proven: tuple[str, Path], envsnap: Run, tmp_path: Path
) -> None:
    """What the probe prints in a container, as `kubectl exec` would bring it."""
    image, folder = proven
    wrote = envsnap(
        "probe", "--verify-files", "--env", "XLA_FLAGS", "--weights", "m=/app/model.bin", "--config",
        "app=/app/settings.yaml", "-o", "probe.py",
    )  # fmt: skip
    assert wrote.returncode == 0, wrote.stderr
    judge = envsnap(
        "probe", "--verify", folder / "dev.json", "--plan", folder / "context" / "dockerfile.json",
        "--weights", "m=/app/model.bin", "--config", "app=/app/settings.yaml", "-o", "judge.py",
    )  # fmt: skip
    assert judge.returncode == 0, judge.stderr
    for spoil, code in (("true", 0), ("echo x >> /app/model.bin", 5)):
        for script in ("probe.py", "judge.py"):
            said = engine.containers.create(
                image, ["sh", "-c", f"{spoil}; python /{script} > /tmp/facts; echo $? > /tmp/code"],
                user="0", volumes={str(tmp_path / script): {"bind": f"/{script}", "mode": "ro"}},
            )  # fmt: skip
            try:
                said.start()
                said.wait()
                facts = contents(said, "/tmp/facts")
                ended = int(contents(said, "/tmp/code"))
            finally:
                said.remove(force=True)
            if script == "judge.py":
                assert ended == code
                continue
            (tmp_path / "facts").write_bytes(facts)
            plan = ("--plan", folder / "context" / "dockerfile.json")
            done = envsnap("verify", folder / "dev.json", "--facts", "facts", *plan)
            assert done.returncode == code, done.stderr


OTHER_CODE = """
import importlib.util as u, marshal, pathlib, sys
for name in sys.argv[1:]:
    source = pathlib.Path(name)
    cached = pathlib.Path(u.cache_from_source(name))
    cached.parent.mkdir(exist_ok=True)
    header = u.MAGIC_NUMBER + b"\\3\\0\\0\\0" + u.source_hash(source.read_bytes())
    code = compile(source.read_text() + "\\nEVIL = 1\\n", name, "exec")
    cached.write_bytes(header + marshal.dumps(code))
"""
OTHER_LIBRARY = (
    "mkdir /opt/l; cp /lib/x86_64-linux-gnu/libz.so.1 /opt/l; printf x >> /opt/l/libz.so.1"
)
SYSTEM = "/usr/lib/x86_64-linux-gnu"
LIBZ = f"cp {SYSTEM}/libz.so.1"
EVIL_CA = "-----BEGIN CERTIFICATE----- AAAA -----END CERTIFICATE-----"
LOCAL_CA = "/usr/local/share/ca-certificates"
# What is done in a container, and the path by which the facts name it: no engine looks on.
FROM_INSIDE = (
    (f"{OTHER_LIBRARY}; echo /opt/l > /etc/ld.so.conf.d/000.conf; ldconfig", 'system.unowned_libraries["/opt/l/libz.so.1"]'),
    (f"{LIBZ} {SYSTEM}/libcuda.so.1", f'system.unowned_libraries["{SYSTEM}/libcuda.so.1"]'),
    (f"{LIBZ} {SYSTEM}/gconv/EVIL.so", f'system.unowned_libraries["{SYSTEM}/gconv/EVIL.so"]'),
    (f"echo 'alias EVIL// UTF-8//' > {SYSTEM}/gconv/gconv-modules.d/evil.conf", f'system.unowned_libraries["{SYSTEM}/gconv/gconv-modules.d/evil.conf"]'),
    (f"{LIBZ} {SYSTEM}/ossl-modules/evil.so", f'system.unowned_libraries["{SYSTEM}/ossl-modules/evil.so"]'),
    ("mkdir -p /etc/OpenCL/vendors; echo /opt/l/libz.so.1 > /etc/OpenCL/vendors/evil.icd", 'system.unowned_libraries["/etc/OpenCL/vendors/evil.icd"]'),
    ("printf x >> /usr/lib/locale/C.utf8/LC_CTYPE", 'system.altered_files["/usr/lib/locale/C.utf8/LC_CTYPE"]'),
    ("echo x >> /etc/ssl/openssl.cnf", 'system.altered_files["/etc/ssl/openssl.cnf"]'),
    ("sed -i 2s/A/B/ /etc/ssl/certs/ca-certificates.crt", 'system.altered_files["/etc/ssl/certs/ca-certificates.crt"]'),
    (f"python /other.py {SITE}/six.py", "python.byte_code["),
    ("python /other.py /usr/lib/python3.11/random.py", 'python.byte_code["/usr/lib/python3.11/__pycache__/random.cpython-311.pyc"]'),
    (f"mkdir -p {SITE}/google/evil; echo 'EVIL = 1' > {SITE}/google/evil/x.py", 'packages.unclaimed["google/evil/x.py"]'),
    (f"cp $(ls {SITE}/numpy/random/*.so | head -1) {SITE}/attr/_make.abi3.so", 'packages.unclaimed["attr/_make.abi3.so"]'),
    (f"echo '[]' > {SITE}/numpy/tokenizer.json", 'packages.unclaimed["numpy/tokenizer.json"]'),
    (f"echo x > {SITE}/six-1.16.0.dist-info/entry_points.txt", 'packages.unclaimed["six-1.16.0.dist-info/entry_points.txt"]'),
    ("echo 'EVIL = 1' >> /opt/venv/bin/f2py", 'packages.unclaimed["bin/f2py"]'),
    ("echo 'exec true' > /opt/venv/bin/uvicorn", 'packages.unclaimed["bin/uvicorn"]'),
    ("rm $(ls /etc/ssl/certs/*.0 | head -1)", 'system.altered_files["/etc/ssl/certs"]'),
    (f"echo '{EVIL_CA}' > /etc/ssl/certs/deadbeef.0", 'system.altered_files["/etc/ssl/certs/deadbeef.0"]'),
    (f"mkdir -p {LOCAL_CA}; echo '{EVIL_CA}' > {LOCAL_CA}/evil.crt", f'system.altered_files["{LOCAL_CA}/evil.crt"]'),
    ("rm $(ls /usr/share/ca-certificates/mozilla/*.crt | tail -1)", 'system.altered_files["/usr/share/ca-certificates/mozilla/'),
    ("cd /tmp; echo 'EVIL = 1' > extra.py; python -m zipfile -c /usr/lib/python311.zip extra.py", 'python.loose_modules["python311.zip"]'),
    (f"mv {SITE} /opt/site; ln -s /opt/site {SITE}", "packages.unclaimed.site-packages"),
)  # fmt: skip


def test_what_no_engine_sees_is_seen_from_inside(
    engine: Any, proven: tuple[str, Path], envsnap: Run, tmp_path: Path
) -> None:
    """One container, everything done to it; an untouched one is proven by the same two files."""
    image, folder = proven
    plan = ("--plan", folder / "context" / "dockerfile.json")
    (tmp_path / "other.py").write_text(OTHER_CODE)
    assert (
        envsnap("probe", "--verify-files", "--env", "XLA_FLAGS", "-o", "probe.py").returncode == 0
    )
    judge = envsnap("probe", "--verify", folder / "dev.json", *plan, "-o", "judge.py")
    assert judge.returncode == 0, judge.stderr
    mounted = {
        str(tmp_path / name): {"bind": f"/{name}", "mode": "ro"}
        for name in ("probe.py", "judge.py", "other.py")
    }
    for spoilt in (False, True):
        done = "; ".join(line for line, _ in FROM_INSIDE) if spoilt else "true"
        script = f"{done}; python /probe.py > /tmp/facts; python /judge.py 2> /tmp/said"
        container = engine.containers.create(image, ["sh", "-c", script], user="0", volumes=mounted)
        try:
            container.start()
            code = container.wait()["StatusCode"]
            (tmp_path / "facts").write_bytes(contents(container, "/tmp/facts"))
            said = contents(container, "/tmp/said").decode()
        finally:
            container.remove(force=True)
        found = envsnap(
            "verify", folder / "dev.json", "--facts", "facts", *plan, "-o", "proof.json"
        )
        differs = {
            item["path"] for item in json.loads((tmp_path / "proof.json").read_text())["differs"]
        }
        assert (code, found.returncode) == ((5, 5) if spoilt else (0, 0)), (said, found.stderr)
        missed = [
            path for _, path in FROM_INSIDE if not any(item.startswith(path) for item in differs)
        ]
        assert missed == (missed if not spoilt else [])
        assert spoilt is bool(differs)


def contents(container: Any, path: str) -> bytes:
    pieces, _ = container.get_archive(path)
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as tar:
        stream = tar.extractfile(tar.getmembers()[0])
        assert stream is not None
        return stream.read()


STEPS = [
    ("the shell", "RUN ln -sf bash /bin/sh", "ln -sf bash /bin/sh"),
    ("pip's configuration", "RUN echo '[global]' > /etc/pip.conf", "/etc/pip.conf"),
    ("the application", "RUN echo 'EVIL = 1' >> /app/serve.py", "/app/serve.py"),
    ("the standard library", f"RUN echo 'EVIL = 1' >> {LIBRARY}/random.py", f"{LIBRARY}/random.py"),
    ("a file that is copied", "COPY evil.txt /etc/evil.txt", "times COPY or ADD"),
]


@pytest.mark.parametrize(("what", "line", "named"), STEPS, ids=[step[0] for step in STEPS])
def test_a_step_that_stands_below_the_plans_last_line(
    what: str, line: str, named: str, proven: tuple[str, Path], engine: Any, envsnap: Run
) -> None:
    """Whoever edits the Dockerfile keeps the plan and its label: the history has the step."""
    image, folder = proven
    context = folder / "context"
    text = (context / "Dockerfile").read_text()
    head, mark, tail = text.rpartition("COPY manifest.json")
    assert mark
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for file in sorted(context.iterdir()):
            if file.name != "Dockerfile":
                tar.add(file, file.name)
        root = "USER 0\n" if line.startswith("RUN") else ""
        for name, content in (
            ("Dockerfile", f"{head}{root}{line}\nUSER 10001:10001\n{mark}{tail}"),
            ("evil.txt", what),
        ):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            tar.addfile(member, io.BytesIO(content.encode()))
    data.seek(0)
    made, _ = engine.images.build(fileobj=data, custom_context=True, rm=True, forcerm=True)
    words = ["verify", str(folder / "dev.json"), "--image", str(made.id)]
    done = envsnap(*words, "--plan", str(context / "dockerfile.json"))
    assert done.returncode == 5, done.stderr
    assert "image.steps" in done.stderr
    assert named in done.stderr
    assert envsnap(*words[:3], image, "--plan", str(context / "dockerfile.json")).returncode == 0
