"""What a file that no format reads looks like, and what to do with it."""

from __future__ import annotations

import re

from msgspec import Struct

from envsnap.intake.formats.source import Source

LISTED = "`envsnap explain --formats` lists what envsnap reads"
CONFIG = "to compare it as a config file, use `envsnap capture --config {file}`"


ALONE = "what stands in other text is found between ``` fences, or in a file of its own"
ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")


class Look(Struct, frozen=True):
    """A kind of file: what shows it, its name, and the way forward."""

    pattern: str
    kind: str
    advice: str


WEIGHTS = "hash it with `envsnap capture --weights {file}`"
RUNS = "capture the environment that it runs in"
SERVICE = "capture inside of the job (`envsnap capture` in its command), or compare it as a config: `envsnap capture --config {file}`"
LOCK = "a lock of a version, or of a program, that envsnap does not know"
LOOKS = (
    Look(r"\A\x7fELF", "an ELF program or library", "capture the environment that runs it"),
    Look(r"\A\x89HDF", "an HDF5 file", WEIGHTS),
    Look(r"\A\x80[\x02-\x05]", "a pickle", WEIGHTS),
    Look(r"\A[^\x00]{1,3}\x00{4,7}\{", "a safetensors file", WEIGHTS),
    Look(r"\AGGUF", "a GGUF file", WEIGHTS),
    Look(r"\APAR1", "a Parquet file", "record its folder with `envsnap capture --data`"),
    Look(r"NVIDIA-SMI has failed|Failed to initialize NVML", "nvidia-smi without a driver", "it says that the driver cannot be reached, and nothing else; give it to `envsnap check MANIFEST --error-text {file}`"),
    Look(r"Traceback \(most recent call last\):", "a traceback or a log", "give it to `envsnap check MANIFEST --error-text {file}`"),
    Look(r"\{\{-? ?(?:\.|include|template|range|if|toYaml)", "a template of Helm's", "render it first (`helm template`) and name the result"),
    Look(r"(?m)^replicaCount: |^(?:image|resources|nodeSelector|tolerations|serviceAccount|autoscaling|ingress|podAnnotations):(?: \{\})?\s*$[^\x00]{0,4000}?^(?:image|resources|nodeSelector|tolerations|serviceAccount|autoscaling|ingress|podAnnotations):", "values of a Helm chart", "render the chart with them (`helm template -f {file}`) and name the result"),
    Look(r"\"?TrainingJobName\"?: ?|\"AlgorithmSpecification\": ?\{|(?m:^jobSpec:|^workerPoolSpecs:)|\"workerPoolSpecs\": ?\[", "a training job of a cloud's service", SERVICE),
    Look(r"(?m)^cluster_name: [^\x00]{0,8000}?^(?:provider|available_node_types|head_node|setup_commands):", "a cluster of Ray's launcher", SERVICE),
    Look(r"(?m)^(?:Architektur|Architecture ?|Arquitectura|Architettura|\u67b6\u6784|\u30a2\u30fc\u30ad\u30c6\u30af\u30c1\u30e3|\u0410\u0440\u0445\u0438\u0442\u0435\u043a\u0442\u0443\u0440\u0430) ?:[ \t]{1,40}(?:x86_64|aarch64|i686|ppc64le|s390x)\s*$", "the output of lscpu in another language", "print it in English: `LC_ALL=C lscpu`"),
    Look(r"<bom[ >]|xmlns=\"http://cyclonedx", "an SBOM of CycloneDX in XML", "write it as JSON"),
    Look(r"(?m)^SPDXVersion: ", "an SBOM of SPDX as tags and values", "write it as JSON"),
    Look(r"(?m)^spdxVersion: ", "an SBOM of SPDX in YAML", "write it as JSON"),
    Look(r"(?ms)^\[(?:workspace|project)\]\s*$.{0,600}?^channels *= *\[", "a manifest of pixi", "name the pixi.lock beside it"),
    Look(r"(?m)^\[(?:build-system|project|tool\.[\w.-]+)\]\s*$", "a pyproject.toml without dependencies, or one that is cut off", "name the lock beside it (uv.lock, poetry.lock, pylock.toml), or a `pip freeze` of the environment"),
    Look(r"(?m)^\[(?:packages|dev-packages)\]\s*$", "a Pipfile that is cut off", "name the Pipfile.lock beside it"),
    Look(r"(?m)^\[(?:workspace|dependencies|pypi-dependencies|environments)\]\s*$", "a manifest of pixi", "name the pixi.lock beside it"),
    Look(r"(?m)^lock-version = |^\[\[package\]\]", LOCK, "export it as requirements (`poetry export`, `uv export`, `pdm export`), or name a `pip freeze` of the environment"),
    Look(r"(?m)^\[(?:metadata|options)\]\s*$", "a setup.cfg", "name a `pip freeze` of the environment instead"),
    Look(r"(?m)^[ \t]*(?:from\s+setuptools\s+import|setup\()", "a setup.py", "name a `pip freeze` of the environment instead"),
    Look(r"(?i)\A\s*<(?:!doctype html|html|head)", "an HTML page", "save the raw text instead of the page"),
    Look(r"\A\s*\{\s*\"cells\":", "a notebook", RUNS),
    Look(r"\A#!\s*/", "a script", RUNS),
    Look(r"(?m)^(?:import|from) [A-Za-z_][\w.]*(?: import [^\n]*| as \w+)?$", "a Python program", RUNS),
    Look(r"\A(?:Resolved [^\n]*\n|(?:Using|warning:)[^\n]*\n)*[\w.\[\],-]+ v?[0-9][\w.+!]*(?: [^\n]*)?\n(?:[\u2502\u251c\u2514\u2500 |+`-]+[\w.-]+)", "a tree of dependencies", "name the `pip list` of the same environment"),
    Look(r"\"descriptor\": ?\{\s*\"name\": ?\"syft\"", "syft's own JSON", "write it with `-o cyclonedx-json`"),
    Look(r"\A\s*\{\s*\"SchemaVersion\": ?\d+,[^\x00]{0,400}\"Artifact(?:Name|Type|ID)\"", "a report of Trivy", "write it with `--format cyclonedx`"),
    Look(r"(?m)^(?:ii|hi|rc) {1,4}[a-z0-9][a-z0-9.+-]+(?::[a-z0-9]+)? +\S+ +(?:all|amd64|arm64|armhf|i386|ppc64el|s390x) ", "the output of dpkg -l", "capture the host, which reads dpkg's database"),
    Look(r"\A\{[^\n]{2,}\}\r?\n\{", "a log of JSON, one document a line", "name the document that you mean in a file of its own; of containers `docker inspect NAME` says more"),
    Look(r"(?m)^ {0,4}(?:Server Version|Storage Driver|Cgroup Driver): ", "the output of docker info", "name the `docker inspect` of a container or an image, and capture the host"),
    Look(r"(?m)^Client:[^\n]*\n Version:", "the output of docker version", "name the `docker inspect` of a container or an image"),
    Look(r"(?m)^IMAGE +CREATED +CREATED BY", "the output of docker history", "name the `docker inspect` of the image"),
    Look(r"(?m)^ +(?:conda version|active environment|base environment) : ", "the output of conda info", "name the `conda list` of the environment"),
    Look(r"(?m)^kind: [\"']?(?:ConfigMap|Secret|Service|Ingress|PersistentVolumeClaim|Namespace)\b", "a Kubernetes object that runs no pod", "name the pod, or what makes it"),
    Look(r"\A(?:[A-Za-z0-9_][\w.+-]*-[0-9][\w.+~^]*-[\w.+~]+\.(?:x86_64|aarch64|noarch|ppc64le|s390x|i686|\(none\))\s*\n){2,}", "the output of rpm -qa", "capture the host, which reads what its files belong to"),
    Look(r"(?m)^The following (?:NEW )?packages will be (?:INSTALLED|UPDATED|REMOVED|downloaded)|^## Package Plan ##", "what conda means to install", "name the `conda list` of the environment afterwards"),
    Look(r"\A\s*\[\s*\{[^\x00]{0,2000}\"(?:user_api|internal_api)\": ", "the output of threadpoolctl", "capture the environment: it reads the libraries of threads and of linear algebra"),
    Look(r"(?m)^(?:Build Dependencies:|blas_opt_info:|openblas64__info:|SIMD Extensions:)\s*$", "the output of numpy.show_config()", "capture the environment, or name its `pip list`"),
    Look(r"(?m)^[\w.-]+ \S+ (?:has requirement \S+, but you have|requires [\w.-]+, which is not installed)", "the output of pip check", "name the `pip list`: `envsnap check` finds the same, and says what it breaks"),
    Look(r"\A\s*\{'", "a dictionary as Python prints it", "print it with json.dumps; of packages `pip list --format json` says the same"),
    Look(r"\Avenvs are in |(?m:^   package \S+ \S+, installed using Python )", "the output of pipx list", "name the Python of one of its environments with `envsnap capture --python`"),
    Look(r"\A\s*\{\s*\"(?:active_prefix|conda_version|GID|UID)\": ", "the output of conda info", "name the `conda list` of the environment"),
    Look(r"\A(?:(?:[\w./-]+::)?[A-Za-z0-9_][\w.-]*-[0-9][\w.!+]*-[\w.]+\s*\n){2,}\Z", "the output of conda list --canonical", "write it as `conda list` or `conda list --explicit`"),
    Look(r"(?m)^(?:stages|jobs|pipeline|workflow):\s*$", "the configuration of a CI", "name the image or the lock that its jobs use"),
    Look(r"(?m)^\[(?:Unit|Service|Install)\]\s*$", "a unit of systemd", "capture the process that it starts with `envsnap capture --pid`"),
    Look(r"(?m)^[a-z0-9][a-z0-9.+-]+/\S+ \S+ (?:all|amd64|arm64|armhf|i386|ppc64el|s390x)(?: \[|\s*$)", "the output of apt list", "capture the host, which reads dpkg's database"),
    Look(r"(?m)^-- \S+ / \S+ -{3,}$", "the output of spack find", "capture the Python that it built"),
    Look(r"\A(?:\$ [^\n]*\n)?Python \d\.\d{1,2}\.\d{1,2}\S*(?: \([^\n]*)?\s*\Z", "the version of Python alone", "name the `pip list` of that Python, or capture it with `envsnap capture --python`"),
    Look(r"(?m)^[ \t]*(?:\$ |# )?(?:sudo )?(?:docker|podman|nerdctl) (?:container )?run ", "a command that starts a container", "name the `docker inspect` of the container"),
    Look(r"\"containerDefinitions\"\s*:\s*\[", "a task definition of ECS", "name the `docker inspect` of a container that it started"),
    Look(r"\"(?:PrimaryContainer|ProductionVariants)\"\s*:\s*[{\[]", "a model or an endpoint of SageMaker", "capture its image with `envsnap capture --image`"),
    Look(r"\"(?:containerEnv|remoteEnv|remoteUser|postCreateCommand|workspaceFolder)\"\s*:", "a devcontainer.json", "name the `docker inspect` of the container"),
    Look(r"(?m)^[ \t]+GPU0[ \t].*\bCPU Affinity\b", "the output of nvidia-smi topo", "name the `nvidia-smi -q` of the host, or capture the host"),
    Look(r"(?m)^(?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7] [A-Z0-9][\w ]{2,40}: ", "the output of lspci", "name the `nvidia-smi -q` of the host, or capture the host"),
    Look(r"(?m)^[ \t]+total[ \t]+used[ \t]+free\b", "the output of free", "capture the host, which reads its memory"),
    Look(r"(?m)^Currently Loaded Module(?:s|files):", "the output of module list", "capture the Python with these modules loaded"),
    Look(r"(?m)^(?:job|resource|module|provider) \"[^\"\n]{1,80}\"(?: \"[^\"\n]{1,80}\")? \{", "a configuration of Nomad or Terraform", "name the `docker inspect` of a container that it started"),
    Look(r"(?m)^[ \t]+accelerators: ?\S", "a task of SkyPilot", "capture on the cluster that it started"),
)  # fmt: skip


def look(source: Source) -> Look | None:
    """The kind of file that something in it shows."""
    head, text = source.data[:4096].decode("latin-1"), source.text[:200_000]
    for known in LOOKS:
        if re.search(known.pattern, head, re.DOTALL) or re.search(known.pattern, text):
            return known
    return None


def reason(source: Source) -> str:
    """One line: what it looks like and the way forward."""
    if not source.data.strip():
        return "the file is empty"
    if _is_comments(source):
        return "holds comments alone, and names no package; leave it out of what is checked"
    if source.data.startswith(ARCHIVES):
        return f"a compressed file of no kind that envsnap reads; unpack it and name the file inside; {LISTED}"
    known = look(source)
    if known is not None:
        if known.kind == LOCK and not source.toml:
            return "looks like a lock that is cut off, or damaged; copy the whole file"
        advice = known.advice.format(file=_typed(source))
        return f"looks like {known.kind}, which is no description of an environment; {advice}"
    if not source.text:
        return f"a binary file of no kind that envsnap reads; {LISTED}"
    alone = "" if source.text.strip().count("\n\n") == 0 else f" {ALONE};"
    return _of_tree(source) or (
        f"not a manifest, and no report, lock or list that envsnap reads; {LISTED};{alone}"
        f" {CONFIG.format(file=_typed(source))}"
    )


def is_unrelated(source: Source) -> bool:
    """Whether it describes no environment, and nothing in it says that it was to describe one.

    A list that names nothing is as good as none: pip takes it. An empty manifest is a damaged one.
    """
    if not source.data.strip():
        return source.base.endswith((".txt", ".in"))
    return _is_comments(source) or (look(source) is None and _of_tree(source) is not None)


def _is_comments(source: Source) -> bool:
    said = [line for line in source.text.splitlines() if line.strip()]
    return bool(said) and all(line.lstrip().startswith("#") for line in said)


def _typed(source: Source) -> str:
    """The file as a command can name it: what the user typed, not its last part."""
    if source.base in ("", "-"):  # standard input has to be a file first
        return "FILE"
    return source.name if source.name.endswith(source.base) else source.base


def _of_tree(source: Source) -> str | None:
    """What a document is that parses, or that was to be one."""
    config = CONFIG.format(file=_typed(source))
    if source.text.lstrip()[:1] in ("{", "["):
        if source.json is None:
            return None  # the codec names the place where it breaks off
        keys = ", ".join(sorted(map(str, source.json))[:3]) if isinstance(source.json, dict) else ""
        what = f"JSON with {keys}" if keys else "JSON"
        return (
            f"{what}: not an envsnap manifest, and nothing that envsnap reads; {LISTED}; {config}"
        )
    if source.mapping and len(source.mapping) > 1:
        keys = ", ".join(sorted(source.mapping)[:3])
        return f"looks like YAML with {keys}: nothing that envsnap reads; {LISTED}; {config}"
    return None
