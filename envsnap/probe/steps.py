"""The steps of a capture: which section each fills, with what, after which others.

Slow things are started first, read last, and never waited for beyond the deadline. A step's
function is given the capture and what the steps that it needs returned (None where one failed);
its imports are its own, since what is not needed is not compiled.
"""

import os
import platform
import sys
import time

from .record import TIMEOUT, Record

TOOL_SECONDS = 10.0


class Step:
    """One step: its name, the section it is about, its function, and the steps it needs."""

    __slots__ = ("name", "needs", "run", "section")

    def __init__(self, name: str, section: str, run, needs: tuple) -> None:
        self.name, self.section, self.run, self.needs = name, section, run, needs


def _launcher(capture):
    from . import jobs

    return jobs.Launcher(capture.modules, capture.options.get("place", ""))


def _find_frameworks(capture):
    from .collectors import frameworks

    return frameworks.find(capture.sys_path)


def _start_imports(capture, launcher, found):
    """Start one child a framework; torch first, since it takes longest."""
    from .collectors import frameworks
    from . import packing

    if not capture.imports():
        return {}
    return {
        name: launcher.start(
            {"job": "import", "framework": name, "sys_path": capture.sys_path},
            packing.NEEDED_BY_CHILDREN,
            "importing %s" % name,
        )
        for name in frameworks.IMPORTED
        if name in (found or {})
    }


def _start_gpu_query(capture, launcher):
    from .collectors import gpus

    return gpus.Query(launcher)


def _start_codecs(capture, launcher):
    from .collectors import codecs
    from . import packing

    def start(codec: str, wanted: tuple) -> object:
        job = {"job": "codecs", "codec": codec, "wanted": wanted, "sys_path": capture.sys_path}
        return launcher.start(job, packing.NEEDED_BY_CODECS, "importing %s" % codec)

    return codecs.Codecs(capture.sys_path, start if capture.imports() else None)


def _start_tools(capture):
    from .collectors import tools

    return tools.start()


def _start_git(capture):
    from .collectors import git

    return git.Repository(os.getcwd())


def _python(capture):
    from .collectors import python

    python.collect(capture.sections["python"], capture.sys_path)


def _packages(capture):
    from .collectors import packages

    record, owned = capture.sections["packages"], capture.owned
    shared = capture.shared
    capture.installed = packages.collect(record, capture.sys_path, sys.prefix, owned, shared)


def _links(capture):
    from .collectors import links

    record = capture.sections["packages"]
    links.collect(record, capture.installed, capture.shared, capture.until)


def _python_files(capture):
    from .collectors import integrity

    record = capture.sections["python"]
    integrity.collect(record, capture.sys_path, capture.owned, capture.imports())


def _system(capture):
    from .collectors import integrity, system

    system.collect(capture.sections["system"])
    integrity.collect_system(capture.sections["system"])


def _env_vars(capture):
    from .collectors import env_vars

    env_vars.collect(capture.sections["env_vars"], capture.options.get("env", []))


def _configs(capture):
    from .collectors import configs

    named, travels = capture.options.get("configs"), capture.options.get("travels", False)
    if named:
        configs.collect(capture.sections["configs"], named, travels)
    else:
        capture.left_out.add("configs")


def _data(capture):
    from .collectors import data

    named = capture.options.get("data")
    if named:
        data.collect(capture.sections["data"], named, capture.until)
    else:
        capture.left_out.add("data")


def _seeds(capture):
    from .collectors import switches

    stated = capture.options.get("seeds", {})
    switches.collect_seeds(capture.sections["seeds"], capture.in_process, stated)
    if capture.in_process:
        switches.collect_determinism(capture.sections["determinism"])
    if not capture.sections["determinism"].facts:
        capture.left_out.add("determinism")


def _git(capture, repository):
    if repository is not None and not repository.collect(capture.sections["git"]):
        capture.left_out.add("git")


def _frameworks(capture, found, imports):
    """Static facts first; what the children, or the running program, know goes over them."""
    from .collectors import framework_import, frameworks

    record = capture.sections["frameworks"]
    packages = capture.sections["packages"].facts.get("entries", {})
    frameworks.collect(record, found or {}, packages)
    entries = record.facts["entries"]
    for name in entries:
        if capture.in_process:
            if name in sys.modules:
                part = Record(record.gaps, name + ".")
                part.facts = entries[name]
                part.facts["imported"] = True
                framework_import.describe(name, sys.modules[name], part)
            elif name in frameworks.IMPORTED:
                record.gap(name, "not asked: the program has not imported it")
        elif name in (imports or {}):
            answer = imports[name].answer(capture.until)
            capture.mapped.update(answer.get("mapped", ()))
            _add_import(record, name, answer)
        elif name in frameworks.IMPORTED:
            record.gap(name, "not asked: captured without importing frameworks")


def _add_import(record: Record, name: str, answer: dict) -> None:
    if "facts" not in answer:
        if not answer["error"].startswith(TIMEOUT):
            record.facts["entries"][name]["imported"] = False
        record.gap(name, answer["error"])
        return
    record.facts["entries"][name].update(answer["facts"])
    for path, why in answer["gaps"].items():
        record.gap(name if path == "imported" else "%s.%s" % (name, path), why)


def _codecs(capture, images):
    if images is not None:
        capture.mapped.update(images.collect(capture.sections["codecs"], capture.until))


def _process(capture):
    from .collectors import process

    pid = "self" if capture.in_process else capture.options.get("process")
    if pid is None or not os.path.isdir("/proc/self"):
        capture.left_out.add("process")
    else:
        process.collect(capture.sections["process"], pid)
        capture.mapped.update(process.system_files(pid))


def _system_packages(capture):
    from .collectors import system_packages

    system_packages.collect(capture.sections, capture.mapped)


def _driver(capture):
    from .collectors import driver, driver_libraries

    driver.collect(capture.sections["driver"])
    driver_libraries.collect(capture.sections["driver"])


def _tools(capture, started):
    from .collectors import tools

    until = min(capture.until, time.monotonic() + TOOL_SECONDS)
    return tools.collect(capture.sections["tools"], started or {}, until)


def _cuda(capture, said):
    from .collectors import cuda

    cuda.collect(capture.sections["cuda"], capture.sys_path, (said or {}).get("nvcc", ""))


def _gpus(capture, query):
    from .collectors import gpus

    if query is not None:
        query.collect(capture.sections, min(capture.until, time.monotonic() + gpus.SECONDS))


def _rocm(capture):
    places = ("/opt/rocm", "/sys/module/amdgpu")
    named = os.environ.get("ROCM_PATH") or os.environ.get("ROCM_HOME")
    if named or any(os.path.isdir(place) for place in places):
        from .collectors import rocm  # compiled where it is used: nearly nobody has it

        rocm.collect(capture.sections["rocm"])


def _identity(capture):
    facts = capture.sections["identity"].facts
    facts["hostname"] = platform.node()
    facts["pid"] = capture.options.get("process") or os.getpid()
    facts["seconds"] = round(time.time() - capture.started, 3)


ORDER = (
    Step("launcher", "frameworks", _launcher, ()),
    Step("find frameworks", "frameworks", _find_frameworks, ()),
    Step("start imports", "frameworks", _start_imports, ("launcher", "find frameworks")),
    Step("start gpu query", "gpus", _start_gpu_query, ("launcher",)),
    Step("start codecs", "codecs", _start_codecs, ("launcher",)),
    Step("start tools", "tools", _start_tools, ()),
    Step("start git", "git", _start_git, ()),
    Step("python", "python", _python, ()),
    Step("packages", "packages", _packages, ()),
    Step("python files", "python", _python_files, ()),
    Step("system", "system", _system, ()),
    Step("env_vars", "env_vars", _env_vars, ()),
    Step("configs", "configs", _configs, ()),
    Step("data", "data", _data, ()),
    Step("seeds", "seeds", _seeds, ()),
    Step("links", "packages", _links, ()),
    Step("git", "git", _git, ("start git",)),
    Step("frameworks", "frameworks", _frameworks, ("find frameworks", "start imports")),
    Step("codecs", "codecs", _codecs, ("start codecs",)),
    Step("process", "process", _process, ()),
    Step("system packages", "system", _system_packages, ()),
    Step("driver", "driver", _driver, ()),
    Step("tools", "tools", _tools, ("start tools",)),
    Step("cuda", "cuda", _cuda, ("tools",)),
    Step("gpus", "gpus", _gpus, ("start gpu query",)),
    Step("rocm", "rocm", _rocm, ()),
    Step("identity", "identity", _identity, ()),
)
