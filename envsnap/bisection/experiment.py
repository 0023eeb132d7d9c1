"""Runs the command once with a set of atoms as on the bad side."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from envsnap.bisection import contained, effects, supervised
from envsnap.bisection import outcome as outcomes
from envsnap.bisection import store as stores
from envsnap.bisection.atoms import OWN, Atom, Kind
from envsnap.bisection.environments import Environment, Environments
from envsnap.bisection.log import LONGEST_OUTPUT, Run
from envsnap.bisection.outcome import Outcome
from envsnap.bisection.places import Layout, Prepared
from envsnap.bisection.sides import Side
from envsnap.errors import InputError
from envsnap.intake.messages import clean_message

SAID = "ENVSNAP_TRIAL_SAID"
PYTHON = re.compile(r"python(\d(\.\d+)?)?")
# Variables of a trial are the command's, not the judge's: PYTHONWARNINGS=error would end it.
JUDGE = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1));"
    " runpy.run_module('envsnap', run_name='__main__', alter_sys=True)"
)
OURS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LONGEST, SHORTEST = 3600.0, 60.0  # seconds that a run may take
PATIENCE = 20.0  # times as long as a run of the good side
SHORTEST_SECRET = 6
STANDARD_OUTPUT = "-"
VERDICT = "verdict.json"


class Carried(Struct, frozen=True, kw_only=True):
    """What every trial has, whatever its atoms: pins and variables that both sides share."""

    pins: Mapping[str, str]
    variables: Mapping[str, str]
    secrets: Sequence[str]  # values that may not stand in a log


class Way(Struct, frozen=True, kw_only=True):
    """How every run is made and judged; `output`, `recording` and `image` as in the options.

    Without a timeout, a run may take many times as long as one of the good side that worked.
    """

    timeout: float | None = None
    output: str | None = None
    recording: str | None = None
    hear: supervised.Hear | None = None
    image: contained.Image | None = None


FEW_UNWRITTEN = 2  # runs without the file that judges: one of each side, or two of the good one


class Experiment:
    """Everything that a run needs; `once` makes one."""

    def __init__(
        self,
        atoms: Sequence[Atom],
        carried: Carried,
        layout: Layout,
        environments: Environments,
        session: stores.Session,
        way: Way,
    ) -> None:
        self._written, self._unwritten = False, 0  # the file that judges, in the runs so far
        self.atoms, self._carried, self._layout = atoms, carried, layout
        self._environments, self._session, self._way = environments, session, way
        self._numbers = itertools.count(1)
        self._timeout = way.timeout or LONGEST

    def learn(self, run: Run) -> None:
        """Know from a run of the good side how long one takes: a hang is found sooner."""
        if self._way.timeout is None and not run.bad and run.outcome.code == 0:
            self._timeout = max(SHORTEST, PATIENCE * run.seconds)

    def once(self, bad: Iterable[int], slot: int = 0) -> Run:
        """Run the command once; runs at the same time have different slots.

        Raises BuildError where its environment cannot be made.
        """
        chosen = frozenset(bad)
        environment = self._environments.get(self.pins(chosen), slot)
        trial = os.path.join(self._session.trials, str(next(self._numbers)))
        os.makedirs(trial, mode=0o700)
        try:
            prepared = self._layout.prepare(trial, self._contents(chosen))
            said = os.path.join(trial, "said.jsonl")
            with open(said, "xb"):
                pass
            files = effects.placed(self.atoms, self._layout.files, prepared)
            variables = self._variables(chosen, environment, prepared, said)
            ended = supervised.run(
                self._command(prepared, environment, trial),
                folder=prepared.folder,
                variables=variables,
                timeout=self._timeout,
                processors=self._processors(chosen),
                hear=self._way.hear,
                start=self._start(trial, environment, prepared),
            )
            result = self._outcome(ended, prepared, trial)
            witnessed = effects.witnessed(said, environment)
            folders = {trial: "<trial>", environment.folder: "<environment>"}
            seen = effects.seen(self.atoms, witnessed, environment, files, folders)
        finally:
            altered = self._environments.after(environment)
            stores.remove(trial)
        run = Run(
            bad=tuple(sorted(chosen)),
            outcome=result,
            seconds=round(ended.seconds, 3),
            cpu=round(ended.cpu, 3),
            stdout=self._told(ended.stdout.text, trial),
            stderr=self._told(ended.stderr.text, trial),
            altered=altered[:20],
            left=ended.left,
            imported=witnessed.imported(environment),
            variables=tuple(self._otherwise(variables, witnessed)),
            seen=seen,
        )
        self.learn(run)
        return run

    def _start(self, trial: str, environment: Environment, prepared: Prepared) -> supervised.Start:
        """Where a run is made: here, or in a container that has the folders of this trial alone."""
        if self._way.image is None:
            return supervised.here
        folders = dict.fromkeys((trial, environment.folder), contained.WRITE)
        if not prepared.folder.startswith(os.path.join(trial, "")):
            folders[prepared.folder] = contained.WRITE  # --in-place
        return self._way.image.starter(folders)

    def pins(self, chosen: frozenset[int]) -> dict[str, str]:
        """The distributions of a set, with their versions."""
        found = dict(self._carried.pins)
        for number, atom in enumerate(self.atoms):
            if atom.kind is Kind.PACKAGE:
                version = atom.bad if number in chosen else atom.good
                if version is not None:
                    found[atom.name] = version
        return found

    def _contents(self, chosen: frozenset[int]) -> dict[str, bytes | str]:
        """The contents of each file: mixed, or one of its versions."""
        found: dict[str, bytes | str] = {}
        for file in self._layout.files:
            mine = {
                self.atoms[number].inner: number in chosen
                for number in range(len(self.atoms))
                if self.atoms[number].name == file.name
                and self.atoms[number].kind in (Kind.CONFIG, Kind.FILE)
            }
            if file.mixed is not None:
                found[file.name] = file.mixed.contents(inner for inner, bad in mine.items() if bad)
            else:
                found[file.name] = (file.bad if any(mine.values()) else file.good).path
        return found

    def _variables(
        self, chosen: frozenset[int], environment: Environment, prepared: Prepared, said: str
    ) -> dict[str, str]:
        values = dict(self._carried.variables)
        for number, atom in enumerate(self.atoms):
            if atom.kind in (Kind.VARIABLE, Kind.LOCALE, Kind.TIMEZONE, Kind.THREADS):
                value = atom.bad if number in chosen else atom.good
                if value is None:
                    values.pop(atom.name, None)
                else:
                    values[atom.name] = str(value)
        found = {name: prepared.word(value) for name, value in values.items()}
        path = os.pathsep.join((environment.bin, found.get("PATH", os.defpath)))
        return {
            **found,
            **prepared.homes,
            "PATH": path,
            "VIRTUAL_ENV": environment.folder,
            "PWD": prepared.folder,
            SAID: said,
            stores.MARK: self._session.name,
        }

    def _command(self, prepared: Prepared, environment: Environment, trial: str) -> list[str]:
        """The words of the command; a Python that it names is the trial's.

        With a recording as the judge, `envsnap compare` runs it.
        """
        words = [self._layout.command[0], *map(prepared.word, self._layout.command[1:])]
        if PYTHON.fullmatch(os.path.basename(words[0])):
            words[0] = environment.python
        elif os.sep in words[0]:
            words[0] = prepared.word(words[0])
        if self._way.recording is None:
            return words
        verdict = os.path.join(trial, VERDICT)
        judge = [sys.executable, "-E", "-P", "-c", JUDGE, OURS, "compare", "--format", "json"]
        return [*judge, "-o", verdict, self._way.recording, "--", *words]

    def _outcome(self, ended: supervised.Ended, prepared: Prepared, trial: str) -> Outcome:
        if self._way.recording is None:
            return outcomes.of(ended, self._judged(ended, prepared))
        try:
            with open(os.path.join(trial, VERDICT), "rb") as stream:
                verdict = json.load(stream)
        except (OSError, ValueError):
            return outcomes.of(ended)  # the command itself failed
        if verdict["outcome"] in ("same", "equivalent"):
            return Outcome(code=0)
        if verdict["outcome"] == "undecided":
            return Outcome(code=outcomes.CANNOT_SAY)
        first = verdict["first"]["name"] if verdict["first"] else verdict["place"]
        return Outcome(code=1, output=f"diverged at {first or 'the end'}")

    def _processors(self, chosen: frozenset[int]) -> int | None:
        for number, atom in enumerate(self.atoms):
            if atom.kind is Kind.PROCESSORS:
                return int(atom.bad if number in chosen else atom.good)
        return None

    def _judged(self, ended: supervised.Ended, prepared: Prepared) -> str | None:
        """The digest of what the command made, where that is the judge."""
        if self._way.output is None:
            return None
        if self._way.output == STANDARD_OUTPUT:
            return ended.stdout.sha256
        try:
            with open(
                os.path.join(prepared.folder, prepared.word(self._way.output)), "rb"
            ) as stream:
                self._written = True
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            self._unwritten += 1
            if ended.code == 0 and self._unwritten == FEW_UNWRITTEN and not self._written:
                raise InputError(
                    f"--oracle-output {self._way.output}: no run has written it; name the file as"
                    " the command writes it, from the folder that it runs in"
                ) from None
            return "none was written"

    def _told(self, text: str, trial: str) -> str:
        """The end of what was printed, without secrets and without the trial's own folder."""
        for secret in self._carried.secrets:
            text = text.replace(secret, "<redacted by envsnap>")
        lines = text[-LONGEST_OUTPUT:].replace(trial + os.sep, "").split("\n")
        return "\n".join(clean_message(line) for line in lines)

    def _otherwise(self, variables: Mapping[str, str], seen: effects.Witnessed) -> Iterable[str]:
        """Variables among the atoms that the command's own Python had otherwise than we set them."""
        if seen.variables is None:
            return
        for atom in self.atoms:
            if atom.kind is Kind.VARIABLE and seen.variables.get(atom.name) != variables.get(
                atom.name
            ):
                yield atom.name


def carried(
    good: Side, bad: Side, pins: Mapping[str, str], own: Mapping[str, str], read_here: Iterable[str]
) -> Carried:
    """What all trials share.

    `own` are the user's variables now, `read_here` those of them that a manifest would state:
    they are not the environments' unless both manifests say so.
    """
    hidden = {*read_here, *good.variables, *bad.variables}
    kept = {
        name: value for name, value in own.items() if name not in hidden and not OWN.fullmatch(name)
    }
    both = {
        name: value
        for name, value in good.variables.items()
        if bad.variables.get(name) == value and not OWN.fullmatch(name)
    }
    return Carried(
        pins=pins,
        variables={**kept, **both, "PATH": own.get("PATH", os.defpath)},
        secrets=_secrets(own),
    )


def _secrets(own: Mapping[str, str]) -> list[str]:
    """Values of the user's variables that a log may not hold: those that a filter would change."""
    return sorted(
        {
            value
            for name, value in own.items()
            if len(value) >= SHORTEST_SECRET
            and clean_message(f"{name}={value}") != f"{name}={value}"
        },
        key=len,
        reverse=True,
    )
