"""Plan to instructions: three stages that stand on one base.

`base` has Python and the system's packages, `build` makes the virtual environment, and the last
stage takes it over without pip's traces, git and the requirement files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from envsnap.image import records
from envsnap.image.building.normal import EPOCH
from envsnap.image.facts import major_minor, numbers
from envsnap.image.planning import apt, conda
from envsnap.image.planning.extras import APP_FILE, CA_FILE
from envsnap.image.planning.requirements import STAGING
from envsnap.image.records import Plan, Requirements
from envsnap.image.writing import instructions as ins

UID = 10001
LONGEST_LABEL = 8000
APP = "/app"
VENV = "/opt/venv"
VENV_PYTHON = f"{VENV}/bin/python"
MANIFEST = "manifest.json"
SHARE = "/usr/share/envsnap/"
PIP = (VENV_PYTHON, "-m", "pip")
PIP_OPTIONS = (
    "install",
    "--no-cache-dir",
    "--no-deps",
    "--no-compile",
    "--disable-pip-version-check",
)
PIP_INSTALL = (*PIP, *PIP_OPTIONS)
CONDA_TRUST = ins.Constant(f"export PIP_CERT={STAGING}{CA_FILE} SSL_CERT_FILE={STAGING}{CA_FILE}")
TRUST = ins.Constant(f"export PIP_CERT={STAGING}{CA_FILE} GIT_SSL_CAINFO={STAGING}{CA_FILE}")
# Lists, and what holds the hour of the build: caches and logs.
CLEAN = ins.Constant(
    "rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/ldconfig/aux-cache"
    " /var/log/apt/* /var/log/dpkg.log /var/log/alternatives.log"
)
DATE = f"SOURCE_DATE_EPOCH={EPOCH}"  # else /etc/shadow holds the day of the build
PRAGMA = ins.Comment("hadolint ignore=DL3008")
FIRST_LINE = ins.Comment("Written by envsnap; dockerfile.json tells why. Do not edit: write anew.")


def build(plan: Plan) -> list[ins.Instruction]:
    """Return the instructions of a plan's Dockerfile."""
    return [FIRST_LINE, *_conda(plan), *_base(plan), *_build(plan), *_final(plan)]


def _conda(plan: Plan) -> Iterator[ins.Instruction]:
    """The stage that installs conda's packages, with a Python of its own."""
    stage = plan.conda
    if stage is None:
        return
    yield ins.From(stage.image, "conda")
    trust: list[ins.Step] = []
    if plan.extra_ca:
        trust.append(CONDA_TRUST)
        yield ins.Copy((CA_FILE,), STAGING)
    yield ins.Copy((conda.REQUIREMENTS,), STAGING)
    hashed = ("--require-hashes", "--only-binary", ":all:") if "--hash" in stage.installer else ()
    install = (
        "python3", "-m", "pip", *PIP_OPTIONS, *hashed, "--requirement", STAGING + conda.REQUIREMENTS,
    )  # fmt: skip
    yield ins.Run((*trust, install))
    suffixes = [suffix for suffix in conda.SUFFIXES if any(map(_ends(suffix), stage.files))]
    yield ins.Copy((conda.LIST, conda.PROGRAM, *(f"*{item}" for item in suffixes)), STAGING)
    yield ins.Run((*trust, ("python3", STAGING + conda.PROGRAM, STAGING + conda.LIST, VENV)))


def _ends(suffix: str) -> Callable[[str], bool]:
    return lambda name: name.endswith(suffix)


def _base(plan: Plan) -> Iterator[ins.Instruction]:
    """The stage with Python, the system's packages and the user."""
    python = plan.python
    if python.how == "copy" and python.image:
        yield ins.From(python.image, "interpreter")
    yield ins.From(_reference(plan), "base")
    if python.how == "copy":
        for folder in ("/usr/local/bin/", "/usr/local/include/", "/usr/local/lib/"):
            yield ins.Copy((folder,), folder, "interpreter")
        if python.libraries:
            yield ins.Copy(python.libraries, "/usr/local/lib/", "interpreter")
    if plan.apt_archive and apt.ARCHIVE.fullmatch(plan.apt_archive):
        yield ins.Copy((apt.SOURCES,), "/etc/apt/sources.list")
        yield ins.Run((apt.ONLY_SOURCE,))
    steps: list[ins.Step] = [*_apt(plan, plan.apt)]
    if python.how == "copy":
        steps.append(("ldconfig",))
    if any("=" not in item for item in plan.apt):
        yield PRAGMA
    yield ins.Run((*steps, *_user(plan)))


def _reference(plan: Plan) -> str:
    """Name the base by tag, for people, and by digest, for good."""
    base = plan.base
    return f"{base.reference}@{base.digest}" if base.digest else base.reference


def _apt(plan: Plan, packages: tuple[str, ...]) -> Iterator[ins.Step]:
    archive = plan.apt_archive or ""
    dated = ("--snapshot", archive) if apt.DATE.fullmatch(archive) else ()
    if packages:
        yield ("apt-get", "update", *dated)
        yield (
            "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes",
            "--no-install-recommends", *dated, *packages,
        )  # fmt: skip
        yield CLEAN


def _user(plan: Plan) -> Iterator[ins.Step]:
    """Give the user a name and a home: getpass and caches need them."""
    if plan.base.kind != "custom":
        yield (DATE, "groupadd", "--gid", str(UID), "app")
        yield (
            DATE, "useradd", "--no-log-init", "--uid", str(UID), "--gid", str(UID),
            "--home-dir", APP, "--no-create-home", "--shell", "/usr/sbin/nologin", "app",
        )  # fmt: skip
    yield ("mkdir", "-p", APP)
    yield ("chown", f"{UID}:{UID}", APP)


def _build(plan: Plan) -> Iterator[ins.Instruction]:
    """The stage that makes the virtual environment, one pip run a layer."""
    yield ins.From("base", "build")
    trust: list[ins.Step] = [TRUST] if plan.extra_ca else []
    if plan.extra_ca:
        yield ins.Copy((CA_FILE,), STAGING)
    steps: list[ins.Step] = [*trust]
    if any(group.needs_git for group in plan.requirements):
        steps += _apt(plan, ("ca-certificates", "git"))
        yield PRAGMA
    if plan.conda:
        yield ins.Copy((VENV,), VENV, "conda")
        if plan.python.installer is None and plan.requirements and not plan.conda.has_pip:
            steps.append((VENV_PYTHON, "-m", "ensurepip"))
    else:
        steps.append((plan.python.executable, "-m", "venv", VENV))
    if plan.python.installer and not plan.artifacts:
        steps.append((*PIP_INSTALL, f"pip=={plan.python.installer}"))
    for group in plan.requirements:
        if steps != trust:
            yield ins.Run(tuple(steps))
        yield ins.Copy((group.file, *group.wheels), STAGING)
        steps = [*trust, _install(group)]
    yield ins.Run((*steps, *_finish(plan)))


def _install(group: Requirements) -> ins.Step:
    words: list[str] = []
    if group.index:
        words += ["--index-url", group.index]
    if group.wheels:
        words += ["--no-index", "--find-links", STAGING]
    if group.hashed:
        words += ["--require-hashes", "--force-reinstall"]
    if group.hashed and not group.build and group.file != "requirements-url.txt":
        words += ["--only-binary", ":all:"]
    return (*PIP_INSTALL, *words, "--requirement", STAGING + group.file)


def _finish(plan: Plan) -> Iterator[ins.Step]:
    """Remove what venv added beyond the captured packages, and compile what is left."""
    if plan.python.removed:
        yield (*PIP, "uninstall", "--yes", "--quiet", *plan.python.removed)
    mode = ""
    version = plan.python.version
    if version is not None and numbers(major_minor(version)) >= (3, 7):
        mode = " --invalidation-mode unchecked-hash"
    yield ins.Constant(
        f"PYTHONHASHSEED=0 {VENV_PYTHON} -m compileall -qq -f{mode} {VENV}/lib || echo 'some files do not compile'"
    )


def _unhashed(plan: Plan) -> str:
    names = " ".join(plan.unhashed)
    return names if len(names) <= LONGEST_LABEL else f"{len(plan.unhashed)} distributions"


def _final(plan: Plan) -> Iterator[ins.Instruction]:
    """The stage that becomes the image."""
    digest = plan.base.digest
    yield ins.From("base")
    yield ins.Label(
        (
            ("org.opencontainers.image.base.name", plan.base.reference),
            *((("org.opencontainers.image.base.digest", digest),) if digest else ()),
            ("io.envsnap.fingerprint", plan.fingerprint),
            ("io.envsnap.plan", records.digest(plan)),
            *((("io.envsnap.unhashed", _unhashed(plan)),) if plan.unhashed else ()),
        )
    )
    yield ins.Copy((VENV,), VENV, "build")
    yield ins.Copy((MANIFEST,), SHARE)
    if plan.app:
        yield ins.Unpack(APP_FILE, f"{APP}/")
    for file in plan.files:
        yield ins.Copy((file.file,), file.path)
    yield ins.PrependPath(f"{VENV}/bin")
    pairs = dict(plan.environment)
    if plan.base.kind == "custom":
        pairs["HOME"] = APP
    if pairs:
        yield ins.Env(tuple(pairs.items()))
    yield ins.Workdir(APP)
    yield ins.User(UID, UID)
    if plan.healthcheck:
        yield ins.Healthcheck(plan.healthcheck)
    yield ins.Cmd(plan.command or ("python",))
