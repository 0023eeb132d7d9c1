"""Plan to instructions: stages that stand on one base.

`base` has Python and the system's packages, `framework` and `build` make the virtual environment,
and the last stage takes it over without pip's traces, git and the requirement files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from envsnap.image import records, validate
from envsnap.image.building.normal import EPOCH
from envsnap.image.facts import major_minor, numbers
from envsnap.image.planning import apt, conda
from envsnap.image.planning.carried import HUB_CACHE, HUB_FOLDER
from envsnap.image.planning.extras import APP_FILE, CA_FILE
from envsnap.image.planning.requirements import STAGING
from envsnap.image.records import Plan, Requirements
from envsnap.image.writing import instructions as ins

UID = 10001
LONGEST_LABEL = 8000
APP = "/app"
VENV = "/opt/venv"
VENV_PYTHON = f"{VENV}/bin/python"
FRAMEWORK, LIBRARIES, BUILD = "framework", "libraries", "build"
ADDED = {LIBRARIES: "/opt/libraries", BUILD: "/opt/rest"}  # what a stage adds, set apart
MANIFEST = "manifest.json"
PLAN = "dockerfile.json"
PLAN_LABEL = "io.envsnap.plan"
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
FOLDER = f"{VENV}/lib"
STANDALONE, ARCHIVE = "/opt/python", "/opt/python.tar.gz"
NEW, SINCE = "/tmp/envsnap/new", "/tmp/envsnap/since"
LISTED = f"-i {NEW}.py"
# What a later run added, by the time at which it was written: nothing else tells it apart.
MARK: tuple[ins.Step, ...] = (("mkdir", "-p", STAGING), ("touch", SINCE))
LIST: tuple[ins.Step, ...] = (
    ins.Constant(f"find {VENV} -newercm {SINCE} -type f -name '*.py' -fprint {NEW}.py"),
    ("sort", "-o", f"{NEW}.py", f"{NEW}.py"),
)
APART = {
    stage: (
        ("find", VENV, "-newercm", SINCE, "!", "-type", "d", "-fprint", NEW),
        ("sort", "-o", NEW, NEW),
        ("mkdir", "-p", folder),
        ("tar", "-cf", f"{NEW}.tar", "-T", NEW),
        ("tar", "-xf", f"{NEW}.tar", "-C", folder),
    )
    for stage, folder in ADDED.items()
}
DATE = f"SOURCE_DATE_EPOCH={EPOCH}"  # else /etc/shadow holds the day of the build
PRAGMA = ins.Comment("hadolint ignore=DL3008")
FIRST_LINE = ins.Comment("Written by envsnap; dockerfile.json tells why. Do not edit: write anew.")


def build(plan: Plan) -> list[ins.Instruction]:
    """Return the instructions of a plan's Dockerfile."""
    return [FIRST_LINE, *_conda(plan), *base_stages(plan), *_build(plan), *_final(plan)]


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
    hashed = ("--require-hashes", "--only-binary", ":all:") if stage.hashed else ()
    install = (
        "python3", "-m", "pip", *PIP_OPTIONS, *hashed, "--requirement", STAGING + conda.REQUIREMENTS,
    )  # fmt: skip
    yield ins.Run((*trust, install))
    suffixes = [suffix for suffix in conda.SUFFIXES if any(map(_ends(suffix), stage.files))]
    yield ins.Copy((conda.LIST, conda.PROGRAM, *(f"*{item}" for item in suffixes)), STAGING)
    yield ins.Run((*trust, ("python3", STAGING + conda.PROGRAM, STAGING + conda.LIST, VENV)))


def _ends(suffix: str) -> Callable[[str], bool]:
    return lambda name: name.endswith(suffix)


def base_stages(plan: Plan) -> Iterator[ins.Instruction]:
    """The stage with Python, the system's packages and the user, and those that it takes from."""
    python = plan.python
    if python.how == "copy" and python.image:
        yield ins.From(python.image, "interpreter")
    yield from _standalone(plan)
    yield ins.From(_reference(plan), "base")
    if python.archive:
        yield ins.Copy((f"{STANDALONE}/",), "/usr/local/", "interpreter")
    if python.how == "copy":
        for folder in ("/usr/local/bin/", "/usr/local/include/", "/usr/local/lib/"):
            yield ins.Copy((folder,), folder, "interpreter")
        if python.libraries:
            yield ins.Copy(python.libraries, "/usr/local/lib/", "interpreter")
    if plan.apt_archive and apt.ARCHIVE.fullmatch(plan.apt_archive):
        yield ins.Copy((apt.SOURCES,), "/etc/apt/sources.list")
        yield ins.Run((apt.ONLY_SOURCE,))
    steps: list[ins.Step] = [*_apt(plan, plan.apt)]
    if python.how in ("copy", "standalone"):
        steps.append(("ldconfig",))
    if any("=" not in item for item in plan.apt):
        yield PRAGMA
    yield ins.Run((*steps, *_user(plan)))


def _standalone(plan: Plan) -> Iterator[ins.Instruction]:
    """The stage that fetches a build of Python and unpacks it if it is the one that was meant.

    Any image with GNU tar and coreutils can; no builder has to know checksums of ADD.
    """
    python = plan.python
    if not python.archive or not python.archive_sha256:
        return
    validate.https_address(python.archive, "python.archive")
    validate.matched(python.archive_sha256, validate.SHA256, "python.archive_sha256", "SHA-256")
    yield ins.From(_reference(plan), "interpreter")
    yield ins.Fetch(python.archive, ARCHIVE)
    check = ins.Constant(
        f"test \"$(sha256sum {ARCHIVE})\" = '{python.archive_sha256}  {ARCHIVE}'"
        f" || (echo '{ARCHIVE} is not the build that was meant' >&2 && exit 1)"
    )
    yield ins.Run((check,))
    unpack = ("tar", "-xzf", ARCHIVE, "-C", STANDALONE, "--strip-components=1", "--no-same-owner")
    yield ins.Run((("mkdir", STANDALONE), unpack))


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
    folders = (APP, *_caches(plan))
    yield ("mkdir", "-p", *folders)
    yield ("chown", f"{UID}:{group(plan)}", *folders)
    if plan.any_user:
        yield ("chmod", "g=u", *folders)


def _caches(plan: Plan) -> tuple[str, ...]:
    """Folders that the user writes to: a volume that is mounted on one takes over its owner."""
    cache = plan.environment.get(HUB_CACHE)
    return (f"{APP}/.cache", cache) if cache == HUB_FOLDER else ()


def _build(plan: Plan) -> Iterator[ins.Instruction]:
    """The stages that make the virtual environment, one pip run a layer.

    What is large and rarely changes has a stage of its own, `framework`. `libraries` stands on it,
    where there are any, and `build` on that; each sets apart the files that it adds.
    """
    yield ins.From("base", FRAMEWORK if split(plan) else BUILD)
    trust: list[ins.Step] = [TRUST] if plan.extra_ca else []
    if plan.extra_ca:
        yield ins.Copy((CA_FILE,), STAGING)
    if plan.conda:
        yield ins.Copy((VENV,), VENV, "conda")
    steps = [*trust, *_prepared(plan)]
    if _needs_git(plan):
        yield PRAGMA
    if not split(plan):
        last = (*_finish(plan), _compiled(plan, FOLDER))
        yield from _runs(plan, plan.requirements, steps, last)
        return
    heavy = [group for group in plan.requirements if group.heavy]
    yield from _runs(plan, heavy, steps, (_compiled(plan, FOLDER),))
    below = FRAMEWORK
    for stage, groups in added(plan):
        yield from _apart(plan, trust, stage, below, groups)
        below = stage


def _needs_git(plan: Plan) -> bool:
    return any(group.needs_git for group in plan.requirements)


def _prepared(plan: Plan) -> Iterator[ins.Step]:
    """What stands before the first run of pip: git, the environment, pip itself."""
    if _needs_git(plan):
        yield from _apt(plan, ("ca-certificates", "git"))
    if plan.conda is None:
        yield _venv(plan)
    elif plan.python.installer is None and plan.requirements and not plan.conda.has_pip:
        yield (VENV_PYTHON, "-m", "ensurepip")
    if plan.python.installer and not plan.artifacts:
        yield (*PIP_INSTALL, f"pip=={plan.python.installer}")


def added(plan: Plan) -> list[tuple[str, list[Requirements]]]:
    """Return the stages that stand on the framework's, with what each installs."""
    libraries = [group for group in plan.requirements if group.sizable]
    rest = [group for group in plan.requirements if not group.heavy and not group.sizable]
    if not libraries:
        return [(BUILD, rest)]
    return [(LIBRARIES, libraries), *([(BUILD, rest)] if rest else [])]


def _apart(
    plan: Plan, trust: list[ins.Step], stage: str, below: str, groups: list[Requirements]
) -> Iterator[ins.Instruction]:
    """A stage on another, which sets apart the files that it adds."""
    yield ins.From(below, stage)
    steps = [*trust, *MARK]
    if groups:
        yield ins.Copy((groups[0].file, *groups[0].wheels), STAGING)
        steps.append(_install(groups[0]))
    yield from _runs(plan, groups[1:], steps, (*LIST, _compiled(plan, LISTED), *APART[stage]))


def split(plan: Plan) -> bool:
    """Tell whether what is large has a layer of its own."""
    return plan.conda is None and any(group.heavy for group in plan.requirements)


def _venv(plan: Plan) -> ins.Step:
    sees = ("--system-site-packages",) if plan.python.system_site else ()
    if plan.python.without_pip:
        sees = (*sees, "--without-pip")
    return (plan.python.executable, "-m", "venv", *sees, VENV)


def _runs(
    plan: Plan,
    groups: Sequence[Requirements],
    steps: list[ins.Step],
    last: tuple[ins.Step, ...],
) -> Iterator[ins.Instruction]:
    """One RUN a group; `steps` go before the first, `last` after the last."""
    trust: list[ins.Step] = [TRUST] if plan.extra_ca else []
    for group in groups:
        if steps != trust:
            yield ins.Run(tuple(steps))
        yield ins.Copy((group.file, *group.wheels), STAGING)
        steps = [*trust, _install(group)]
    yield ins.Run((*steps, *last))


def _install(group: Requirements) -> ins.Step:
    words: list[str] = []
    if group.index:
        words += ["--index-url", group.index]
    if group.wheels:
        words += ["--no-index", "--find-links", STAGING]
    if group.hashed:
        words += ["--require-hashes", "--force-reinstall"]
    if group.hashed and not group.build and group.place != "address":
        words += ["--only-binary", ":all:"]
    return (*PIP_INSTALL, *words, "--requirement", STAGING + group.file)


def _finish(plan: Plan) -> Iterator[ins.Step]:
    """Remove what venv added beyond the captured packages."""
    if plan.python.removed and not plan.python.without_pip:
        yield (*PIP, "uninstall", "--yes", "--quiet", *plan.python.removed)


def _compiled(plan: Plan, what: str) -> ins.Constant:
    """Compile byte code that Python checks against its source, so that an edit has its effect."""
    mode = ""
    version = plan.python.version
    if version is not None and numbers(major_minor(version)) >= (3, 7):
        mode = " --invalidation-mode checked-hash"
    return ins.Constant(
        f"PYTHONHASHSEED=0 {VENV_PYTHON} -m compileall -qq -f{mode} {what}"
        " || echo 'some files do not compile'"
    )


def _unhashed(plan: Plan) -> str:
    names = " ".join(plan.unhashed)
    return names if len(names) <= LONGEST_LABEL else f"{len(plan.unhashed)} distributions"


def variables(plan: Plan) -> dict[str, str]:
    """Return the variables that the image sets, besides PATH."""
    pairs = dict(plan.environment)
    if plan.base.kind == "custom" or plan.any_user:
        pairs["HOME"] = APP
    return pairs


def group(plan: Plan) -> int:
    """Return the number of the user's group."""
    return 0 if plan.any_user else UID


def _final(plan: Plan) -> Iterator[ins.Instruction]:
    """The stage that becomes the image: what changes most stands last."""
    yield ins.From("base")
    if split(plan):
        yield ins.Copy((VENV,), VENV, FRAMEWORK)
        for stage, _ in added(plan):
            yield ins.Copy((f"{ADDED[stage]}/",), "/", stage)
        if plan.python.removed and not plan.python.without_pip:
            yield ins.Run(tuple(_finish(plan)))
    else:
        yield ins.Copy((VENV,), VENV, BUILD)
    for weight in plan.weights:
        yield ins.Copy((weight.file,), weight.path)
    if plan.app:
        yield ins.Unpack(APP_FILE, f"{APP}/")
    for file in plan.files:
        yield ins.Copy((file.file,), file.path)
    yield ins.PrependPath(f"{VENV}/bin")
    pairs = variables(plan)
    if pairs:
        yield ins.Env(tuple(pairs.items()))
    for port in plan.ports:
        yield ins.Expose(port)
    yield ins.Workdir(APP)
    yield ins.User(UID, group(plan))
    if plan.healthcheck:
        yield ins.Healthcheck(plan.healthcheck)
    yield ins.Cmd(plan.command or ("python",))
    yield ins.Copy((MANIFEST, PLAN), SHARE)
    yield label(plan)


def label(plan: Plan) -> ins.Label:
    """The last line: what comes after it in an image's history is not of the plan."""
    digest = plan.base.digest
    return ins.Label(
        (
            ("org.opencontainers.image.base.name", plan.base.reference),
            *((("org.opencontainers.image.base.digest", digest),) if digest else ()),
            ("io.envsnap.fingerprint", plan.fingerprint),
            *((("io.envsnap.unhashed", _unhashed(plan)),) if plan.unhashed else ()),
            (PLAN_LABEL, records.digest(plan)),
        )
    )
