"""One description of one environment: its sections, and the order in which they are filled."""

import os
import threading
import time

from .record import Record, reason

# The revision of the manifest whose facts this probe looks for.
REVISION = 2
DEFAULT_DEADLINE = 120.0
PLAN = "/usr/share/envsnap/dockerfile.json"  # in an image that was made by a plan
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


class Capture:
    """What is known so far, and what its steps share."""

    def __init__(self, options: dict, modules: dict, sys_path: list, in_process: bool) -> None:
        self.options, self.modules, self.sys_path = options, modules, sys_path
        self.in_process = in_process
        self.sections = {name: Record() for name in SECTIONS}
        self.incomplete, self.finished = set(), set()
        self.sending, self.sent = threading.Lock(), False
        self.installed = {}
        self.owned = {}  # files that a distribution's RECORD names
        self.shared = {}  # and its shared objects, by its metadata folder
        self.mapped = set()  # library files of the system that were really used
        self.left_out = {"weights"}
        self.started = time.time()
        self.until = time.monotonic() + float(options.get("deadline") or DEFAULT_DEADLINE)

    def imports(self) -> bool:
        """Whether frameworks may be imported, and files hashed: not in a program that runs."""
        return bool(self.options.get("import", True)) and not self.in_process

    def facts(self) -> dict:
        """Run every step in its order; always returns."""
        from .steps import ORDER

        last = {step.section: step for step in ORDER}
        found = {}
        for step in ORDER:
            found[step.name] = self._guard(step, *(found[name] for name in step.needs))
            if last[step.section] is step:
                self.finished.add(step.section)
        return self.message()

    def _guard(self, step, *arguments: object):
        try:
            return step.run(self, *arguments)
        except Exception as error:  # one collector never takes the others down
            self.sections[step.section].gap("collector", reason(error))
            self.incomplete.add(step.section)
            return None

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
        sections, gaps = {}, dict(verification.gaps)
        for section, field, work in self._further(report):
            try:
                sections.setdefault(section, {})[field] = work()
            except Exception as error:
                self.sections[section].gap(field, reason(error))
        return {"entries": verification.entries, "gaps": gaps, "sections": sections}

    def _further(self, report) -> list:
        """What is compared besides the files of RECORD: (section, field, work)."""
        from .collectors import byte_code, system_files, unclaimed

        python = self.sections["python"].facts
        loose = python.get("loose_modules") or {}
        here = os.getcwd()
        roots = [os.path.dirname(os.__file__)] + self.sys_path + ([here] if here != "/" else [])
        claimed = ("packages", "unclaimed", lambda: unclaimed.find(self.sys_path, loose))
        if not os.path.exists(PLAN):  # a host is the owner's, and may hold gigabytes
            return [claimed]
        return [
            claimed,
            ("python", "byte_code", lambda: byte_code.altered(roots, report)),
            ("system", "altered_files", system_files.altered),
            ("system", "unowned_libraries", system_files.unowned_libraries),
        ]

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
