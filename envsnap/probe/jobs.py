"""Children that run this same script with another job: a framework's import, the GPU query."""

import json
import os

from . import children, output, packing


class Job:
    """A child of this script and its answer."""

    def __init__(self, child: children.Child, what: str) -> None:
        self._child, self._what = child, what

    def answer(self, until: float) -> dict:
        """Return {facts, gaps}, or {error: reason} where the child gave none."""
        in_time = self._child.wait(until)
        for line in bytes(self._child.stdout).split(b"\n"):
            if line.startswith(b"answer "):
                return json.loads(line[len(b"answer ") :].decode("ascii"))
        if not in_time:
            return {"error": "timeout: %s did not answer in time" % self._what}
        return {"error": "error: %s %s" % (self._what, self._child.describe_end())}


class Launcher:
    """Starts jobs from the sources that this script, or this package, is made of.

    `place` is the folder of our package where the script has none of them.
    """

    def __init__(self, modules: dict, place: str) -> None:
        self._modules, self._place = modules, place

    def start(self, job: dict, needed: tuple, what: str) -> Job:
        """Start a child with a job; `needed` names the modules it uses. Raises OSError."""
        marker = os.urandom(8).hex()
        script = packing.pack(self._modules, dict(job, marker=marker, place=self._place), needed)
        closing = (output.end(marker) + "\n").encode("ascii")
        child = children.Child(children.own_python(), script.encode("ascii"), closing)
        return Job(child, what)
