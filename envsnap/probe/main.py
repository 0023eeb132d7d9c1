"""The order of a capture.

Slow things are started first, read last, and never waited for beyond the deadline.
"""

import gc
import json
import os
import platform
import sys
import threading
import time

from . import secrets
from .record import TIMEOUT, Record, reason

# The revision of the manifest whose facts this probe looks for.
REVISION = 2
DEFAULT_DEADLINE = 120.0
WATCHDOG_SECONDS = 2.0
SECTIONS = (
    "python",
    "packages",
    "frameworks",
    "codecs",
    "cuda",
    "driver",
    "rocm",
    "gpus",
    "system",
    "env_vars",
    "tools",
    "git",
    "configs",
    "weights",
    "data",
    "seeds",
    "determinism",
    "process",
    "identity",
)

# Sections whose collector judges each value under its name, or whose texts the host judges.
JUDGED = ("env_vars", "configs", "identity")


def run(options_text: str, modules: dict, sys_path: list) -> None:
    """Do this script's job, print the answer and end the process, whatever is still running."""
    from .output import Output

    options = json.loads(options_text)
    gc.disable()  # this process does one short thing
    secrets.use_key(options.get("redaction_key", ""))
    job = options.get("job", "capture")
    if job == "verify":
        from . import verdict

        capture = Capture(options, modules, sys_path, in_process=False)
        code = verdict.run(capture, options["expected"])
        sys.stderr.flush()
        os._exit(code)
    output = Output(options["marker"], bool(options.get("travels")))
    try:
        if job == "gpus":
            from .collectors import gpu_query

            output.send("answer", gpu_query.run_child(options))
        elif job == "import":
            from .collectors import framework_import

            output.send("answer", framework_import.run_child(options))
        elif job == "codecs":
            from .collectors import codec_import

            output.send("answer", codec_import.run_child(options))
        else:
            _send_capture(Capture(options, modules, sys_path, in_process=False), output)
        output.finish()
    except BrokenPipeError:
        os._exit(1)
    sys.stderr.flush()
    os._exit(0)


def _send_capture(capture: "Capture", output) -> None:
    """Send the facts as soon as they are known, then the weights, which may take long."""
    watchdog = threading.Thread(target=_send_what_is_known, args=(capture, output), daemon=True)
    watchdog.start()
    facts = capture.facts()
    with capture.sending:
        output.send("facts", facts)
        capture.sent = True
    _warn(facts["sections"].get("configs", {}).get("gaps", {}))
    for word, run in capture.afterwards():
        found = run(lambda done, total: output.send("progress", [done, total]))
        output.send(word, found)
        _warn(found["gaps"])


def _send_what_is_known(capture: "Capture", output) -> None:
    """A while after the deadline, send what there is: some collector hangs where nothing helps."""
    time.sleep(max(0.0, capture.until - time.monotonic()) + WATCHDOG_SECONDS)
    with capture.sending:
        if capture.sent:
            return
        for name, record in capture.sections.items():
            if name not in capture.finished:
                capture.incomplete.add(name)
                record.gap("collector", "timeout: something here did not answer in time")
        output.send("facts", capture.message())
        output.finish()
        os._exit(0)


def _warn(gaps: dict) -> None:
    """Say on standard error which named files could not be read; the facts hold it too."""
    for path, why in sorted(gaps.items()):
        if not why.startswith("redacted"):
            sys.stderr.write(ascii("envsnap probe: %s: %s" % (path, why))[1:-1] + "\n")


def write_facts(path: str, options_text: str, modules: dict, sys_path: list) -> None:
    """Describe the running program into a facts file, which is accepted as a manifest is."""
    from . import output

    options = json.loads(options_text)
    capture = Capture(options, modules, sys_path, in_process=True)
    lines = [output.begin(options["marker"]), "facts " + output.encode(capture.facts())]
    for word, run in capture.afterwards():
        lines.append("%s %s" % (word, output.encode(run(lambda done, total: None))))
    lines.append(output.end(options["marker"]))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write("\n".join(lines) + "\n")


class Capture:
    """One description of one environment."""

    def __init__(self, options: dict, modules: dict, sys_path: list, in_process: bool) -> None:
        self.options, self.modules, self.sys_path = options, modules, sys_path
        self.in_process = in_process
        self.sections = {name: Record() for name in SECTIONS}
        self.incomplete, self.finished = set(), set()
        self.sending, self.sent = threading.Lock(), False
        self.installed = {}
        self.mapped = set()  # library files of the system that were really used
        self.left_out = {"weights"}
        self.started = time.time()
        self.until = time.monotonic() + float(options.get("deadline") or DEFAULT_DEADLINE)

    def facts(self) -> dict:
        """Run every collector but the hashing of weights; always returns."""
        from . import jobs

        launcher = jobs.Launcher(self.modules)
        found = self._guard("frameworks", self._find_frameworks) or {}
        imports = self._guard("frameworks", self._start_imports, launcher, found) or {}
        query = self._guard("gpus", self._start_gpu_query, launcher)
        images = self._guard("codecs", self._start_codecs, launcher)
        started = self._guard("tools", self._start_tools) or {}
        repository = self._guard("git", self._start_git)
        for name in ("python", "packages", "system", "env_vars", "configs", "data", "seeds"):
            self._guard(name, getattr(self, "_" + name))
        self._guard("packages", self._links)
        self._guard("git", self._git, repository)
        self._guard("frameworks", self._frameworks, found, imports)
        self._guard("codecs", self._codecs, images)
        self._guard("process", self._process)
        self._guard("system", self._system_packages)
        self._guard("driver", self._driver)
        said = self._guard("tools", self._tools, started) or {}
        self._guard("cuda", self._cuda, said.get("nvcc", ""))
        self._guard("gpus", self._gpus, query)
        self._guard("rocm", self._rocm)
        self._guard("identity", self._identity)
        return self.message()

    def afterwards(self) -> list:
        """What is outside the deadline, since it reads large files: (message, work)."""
        asked = (
            ("verify_files", "files", self.verify_files),
            ("weights", "weights", self.hash_weights),
        )
        return [(word, work) for option, word, work in asked if self.options.get(option)]

    def verify_files(self, report) -> dict:
        """Compare installed files with RECORD."""
        from .collectors import installed_files

        try:
            verification = installed_files.Verification(self.installed, report)
            verification.run()
        except Exception as error:  # one collector never takes the others down
            return {"entries": {}, "gaps": {"verified": reason(error)}}
        return {"entries": verification.entries, "gaps": verification.gaps}

    def hash_weights(self, report) -> dict:
        """Hash the weight files; this is outside the deadline."""
        from .collectors import weights

        try:
            known = self.options.get("known_weights", {})
            hashing = weights.Hashing(self.options["weights"], known, report)
            hashing.run()
        except Exception as error:  # one collector never takes the others down
            return {"entries": {}, "gaps": {"collector": reason(error)}, "fresh": {}}
        return {"entries": hashing.entries, "gaps": hashing.gaps, "fresh": hashing.fresh}

    def _guard(self, name: str, collector, *arguments: object):
        try:
            result = collector(*arguments)
        except Exception as error:  # one collector never takes the others down
            self.sections[name].gap("collector", reason(error))
            self.incomplete.add(name)
            result = None
        self.finished.add(name)
        return result

    def message(self) -> dict:
        """What is known, as the host expects it."""
        for name, record in self.sections.items():
            if name not in JUDGED:
                record.sweep()
        sections = {
            name: {
                "complete": name not in self.incomplete,
                "gaps": record.gaps,
                "facts": record.facts,
            }
            for name, record in self.sections.items()
            if name not in self.left_out
        }
        return {
            "probe": 1,
            "revision": REVISION,
            "created_at": self.started,
            "sections": sections,
        }

    def _find_frameworks(self) -> dict:
        from .collectors import frameworks

        return frameworks.find(self.sys_path)

    def _start_imports(self, launcher, found: dict) -> dict:
        """Start one child a framework; torch first, since it takes longest."""
        from .collectors import frameworks
        from . import packing

        if self.in_process or not self.options.get("import", True):
            return {}
        return {
            name: launcher.start(
                {"job": "import", "framework": name, "sys_path": self.sys_path},
                packing.NEEDED_BY_CHILDREN,
                "importing %s" % name,
            )
            for name in frameworks.IMPORTED
            if name in found
        }

    def _start_codecs(self, launcher) -> object:
        from .collectors import codecs
        from . import packing

        def start(codec: str, wanted: tuple) -> object:
            job = {"job": "codecs", "codec": codec, "wanted": wanted, "sys_path": self.sys_path}
            return launcher.start(job, packing.NEEDED_BY_CODECS, "importing %s" % codec)

        imports = self.options.get("import", True) and not self.in_process
        return codecs.Codecs(self.sys_path, start if imports else None)

    def _links(self) -> None:
        from .collectors import links

        links.collect(self.sections["packages"], self.installed, self.until)

    def _codecs(self, images) -> None:
        if images is not None:
            self.mapped.update(images.collect(self.sections["codecs"], self.until))

    def _start_gpu_query(self, launcher) -> object:
        from .collectors import gpus

        return gpus.Query(launcher)

    def _start_tools(self) -> dict:
        from .collectors import tools

        return tools.start()

    def _data(self) -> None:
        from .collectors import data

        if self.options.get("data"):
            data.collect(self.sections["data"], self.options["data"], self.until)
        else:
            self.left_out.add("data")

    def _start_git(self) -> object:
        from .collectors import git

        return git.Repository(os.getcwd())

    def _python(self) -> None:
        from .collectors import python

        python.collect(self.sections["python"], self.sys_path)

    def _packages(self) -> None:
        from .collectors import packages

        owned = {}
        self.installed = packages.collect(
            self.sections["packages"], self.sys_path, sys.prefix, owned
        )
        from .collectors import integrity

        hashes = self.options.get("import", True) and not self.in_process
        integrity.collect(self.sections["python"], self.sys_path, owned, hashes)

    def _system(self) -> None:
        from .collectors import system

        from .collectors import integrity

        system.collect(self.sections["system"])
        integrity.collect_system(self.sections["system"])

    def _env_vars(self) -> None:
        from .collectors import env_vars

        env_vars.collect(self.sections["env_vars"], self.options.get("env", []))

    def _configs(self) -> None:
        from .collectors import configs

        if self.options.get("configs"):
            configs.collect(
                self.sections["configs"],
                self.options["configs"],
                self.options.get("travels", False),
            )
        else:
            self.left_out.add("configs")

    def _git(self, repository) -> None:
        if repository is not None and not repository.collect(self.sections["git"]):
            self.left_out.add("git")

    def _seeds(self) -> None:
        from .collectors import switches

        switches.collect_seeds(
            self.sections["seeds"], self.in_process, self.options.get("seeds", {})
        )
        if self.in_process:
            switches.collect_determinism(self.sections["determinism"])
        if not self.sections["determinism"].facts:
            self.left_out.add("determinism")

    def _frameworks(self, found: dict, imports: dict) -> None:
        """Static facts first; what the children, or the running program, know goes over them."""
        from .collectors import framework_import, frameworks

        record = self.sections["frameworks"]
        packages = self.sections["packages"].facts.get("entries", {})
        frameworks.collect(record, found, packages)
        entries = record.facts["entries"]
        for name in entries:
            if self.in_process:
                if name in sys.modules:
                    part = Record(record.gaps, name + ".")
                    part.facts = entries[name]
                    part.facts["imported"] = True
                    framework_import.describe(name, sys.modules[name], part)
                elif name in frameworks.IMPORTED:
                    record.gap(name, "not asked: the program has not imported it")
            elif name in imports:
                answer = imports[name].answer(self.until)
                self.mapped.update(answer.get("mapped", ()))
                self._add_import(record, name, answer)
            elif name in frameworks.IMPORTED:
                record.gap(name, "not asked: captured without importing frameworks")

    @staticmethod
    def _add_import(record: Record, name: str, answer: dict) -> None:
        if "facts" not in answer:
            if not answer["error"].startswith(TIMEOUT):
                record.facts["entries"][name]["imported"] = False
            record.gap(name, answer["error"])
            return
        record.facts["entries"][name].update(answer["facts"])
        for path, why in answer["gaps"].items():
            record.gap(name if path == "imported" else "%s.%s" % (name, path), why)

    def _process(self) -> None:
        from .collectors import process

        pid = "self" if self.in_process else self.options.get("process")
        if pid is None or not os.path.isdir("/proc/self"):
            self.left_out.add("process")
        else:
            process.collect(self.sections["process"], pid)
            self.mapped.update(process.system_files(pid))

    def _system_packages(self) -> None:
        from .collectors import system_packages

        system_packages.collect(self.sections, self.mapped)

    def _driver(self) -> None:
        from .collectors import driver, driver_libraries

        driver.collect(self.sections["driver"])
        driver_libraries.collect(self.sections["driver"])

    def _tools(self, started: dict) -> dict:
        from .collectors import tools

        return tools.collect(
            self.sections["tools"], started, min(self.until, time.monotonic() + 10.0)
        )

    def _cuda(self, nvcc_output: str) -> None:
        from .collectors import cuda

        cuda.collect(self.sections["cuda"], self.sys_path, nvcc_output)

    def _rocm(self) -> None:
        places = ("/opt/rocm", "/sys/module/amdgpu")
        named = os.environ.get("ROCM_PATH") or os.environ.get("ROCM_HOME")
        if named or any(os.path.isdir(place) for place in places):
            from .collectors import rocm  # compiled where it is used: nearly nobody has it

            rocm.collect(self.sections["rocm"])

    def _gpus(self, query) -> None:
        from .collectors import gpus

        if query is not None:
            query.collect(self.sections, min(self.until, time.monotonic() + gpus.SECONDS))

    def _identity(self) -> None:
        facts = self.sections["identity"].facts
        facts["hostname"] = platform.node()
        facts["pid"] = self.options.get("process") or os.getpid()
        facts["seconds"] = round(time.time() - self.started, 3)
