"""Compares what is here with what a manifest states, where there is no envsnap to do it.

`expected` is what the host wrote down: sections of nodes. A node is a record ({"facts": {name:
node}, "absent": [names]}), a map ({"map": {key: node}, "closed": bool}) or a value ({"is": value}).
Records hold portable facts alone; a map that is closed names all that may be there.
"""

import json
import sys

from .record import key_text

PROVEN, NOT_PROVEN = 0, 5
MOST_SHOWN = 12
LONGEST_SHOWN = 70
GONE, MORE, OTHER, UNKNOWN = "removed", "added", "changed", "unknown"


class Verdict:
    """One comparison: what is the same, what differs, and what was said beforehand."""

    def __init__(self, expected: dict) -> None:
        self._expected = expected
        self.same, self.differs, self.announced = 0, [], []
        self._gaps, self._complete = {}, True

    def compare(self, message: dict) -> None:
        """Compare the facts of a capture."""
        found = message["sections"]
        self._of_one_build(found.get("python", {}).get("facts", {}))
        for name, node in sorted(self._expected["sections"].items()):
            section = found.get(name)
            if section is None:
                self._add((name,), UNKNOWN, "stated", "not looked at")
                continue
            self._gaps, self._complete = section["gaps"], section["complete"]
            self._node((name,), node, section["facts"])

    def _of_one_build(self, facts: dict) -> None:
        """Another build of Python excuses its files; where this is the captured one, nothing does."""
        build = [facts.get(key) for key in ("version", "build", "compiler")]
        if None not in build and build == self._expected.get("build"):
            reasons = self._expected["announced"]["reasons"]
            for path in self._expected["of_a_build"]:
                reasons.pop(path, None)

    def _node(self, path: tuple, node: dict, value) -> None:
        if "is" in node:
            if _plain(value) == node["is"]:
                self.same += 1
            else:
                self._add(path, OTHER, node["is"], value)
        elif "map" in node:
            self._map(path, node, value if isinstance(value, dict) else {})
        else:
            self._record(path, node, value if isinstance(value, dict) else {})

    def _record(self, path: tuple, node: dict, value: dict) -> None:
        for name, inner in sorted(node["facts"].items()):
            place = path if name == "entries" else path + (name,)
            if name in value:
                self._node(place, inner, value[name])
            else:
                self._missing(place, inner)
        for name in node["absent"]:
            if value.get(name) not in (None, {}, [], ()):
                self._add(path + (name,), MORE, None, value[name])

    def _map(self, path: tuple, node: dict, value: dict) -> None:
        for key, inner in sorted(node["map"].items()):
            if key in value:
                self._node(path + (key,), inner, value[key])
            else:
                self._missing(path + (key,), inner)
        for key in sorted(set(value) - set(node["map"])) if node["closed"] else ():
            self._add(path + (key,), MORE, None, value[key])

    def _missing(self, path: tuple, node: dict) -> None:
        """A fact that is stated and not here: gone, or not to be learned."""
        for length in range(len(path), 1, -1):
            why = self._gaps.get(_text(path[1:length]))
            if why is not None:
                self._add(path, UNKNOWN, _stated(node), why)
                return
        if self._complete:
            self._add(path, GONE, _stated(node), None)
        else:
            self._add(path, UNKNOWN, _stated(node), "not stated")

    def _add(self, path: tuple, kind: str, captured, inside) -> None:
        reason = self._reason(path, kind)
        row = (_text(path), kind, captured, inside, reason)
        (self.differs if reason is None else self.announced).append(row)

    def _reason(self, path: tuple, kind: str):
        """Return why a fact may be otherwise, as the plan said beforehand."""
        known = self._expected["announced"]
        tables = [known["reasons"]]
        if kind in (GONE, MORE):
            tables.append(known["lost" if kind == GONE else "brought"])
        for length in range(len(path), 0, -1):
            for table in tables:
                if _text(path[:length]) in table:
                    return table[_text(path[:length])]
        return None

    def add_files(self, files: dict) -> None:
        """Installed files that are not what RECORD states."""
        for name, facts in sorted(files["entries"].items()):
            for field in ("altered", "missing"):
                if facts.get(field):
                    path = _text(("packages", name, field))
                    self.differs.append((path, OTHER, None, facts[field], None))

    def add_strays(self, files: dict) -> None:
        """Files for which nobody answers: in an image they are its plan's, on a host its owner's."""
        by_plan = self._expected.get("by_plan")
        found = files.get("sections", {})
        for section, facts in sorted(found.items()):
            for field, names in sorted(facts.items()):
                if by_plan or section == "python":
                    self._add_strays((section, field), names)
        if by_plan and "altered_files" not in found.get("system", {}):
            self._add(("system", "altered_files"), UNKNOWN, [], "the image's plan is not here")

    def _add_strays(self, path: tuple, found) -> None:
        """Files for which nobody answers as they are, and which were not captured just so."""
        known = self._expected.get("strays", {}).get(".".join(path), {})
        for name in found:
            digest = found[name] if isinstance(found, dict) else "altered"
            if known.get(name) != digest:
                self._add(path + (name,), MORE, None, digest)

    def add_frameworks(self, message: dict) -> None:
        """Frameworks that are here and cannot be imported."""
        section = message["sections"]["frameworks"]
        named = {row[0] for row in self.differs}
        for name, facts in sorted(section["facts"].get("entries", {}).items()):
            path = _text(("frameworks", name, "imported"))
            if facts.get("imported") is False and path not in named:
                self.differs.append((path, OTHER, True, section["gaps"].get(name), None))

    def lines(self) -> list:
        """The verdict for people, the first line first."""
        total = self.same + len(self.differs) + len(self.announced)
        word = "NOT proven" if self.differs else "proven"
        found = [
            "%s: %d of %d portable facts reproduced, %d differ, %d otherwise as announced"
            % (word, self.same, total, len(self.differs), len(self.announced))
        ]
        for path, _, captured, inside, _ in self.differs[:MOST_SHOWN]:
            found.append(
                "differs: %s: captured %s, here %s" % (path, _shown(captured), _shown(inside))
            )
        if len(self.differs) > MOST_SHOWN:
            found.append("differs: %d more" % (len(self.differs) - MOST_SHOWN))
        return found


def run(capture, expected: dict) -> int:
    """Make a capture, judge it, say so on standard error, and return the exit code."""
    message, files = capture.facts(), {"entries": {}}
    for word, work in capture.afterwards():
        found = work(lambda done, total: None)
        if word == "weights":
            section = {"complete": True, "gaps": found["gaps"], "facts": found}
            message["sections"]["weights"] = section
        elif word == "files":
            files = found
    verdict = Verdict(expected)
    verdict.compare(message)
    verdict.add_files(files)
    verdict.add_strays(files)
    verdict.add_frameworks(message)
    for line in verdict.lines():
        sys.stderr.write("envsnap: " + ascii(line)[1:-1] + "\n")
    return NOT_PROVEN if verdict.differs else PROVEN


def _plain(value):
    """A value as JSON has it: lists where there are tuples."""
    return json.loads(json.dumps(value))


def _stated(node: dict):
    return node.get("is", "stated")


def _shown(value) -> str:
    text = "nothing" if value is None else json.dumps(value)
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."


def _text(path: tuple) -> str:
    """Spell a path as manifests do."""
    found = ""
    for key in path:
        part = key_text(key)
        found += part if part.startswith("[") or not found else "." + part
    return found
