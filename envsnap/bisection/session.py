"""A whole bisection: prepare, settle the ends, search, prove, and say what was found."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Struct

from envsnap.bisection import atoms as differences
from envsnap.bisection import (
    captured,
    contained,
    experiment,
    files,
    log,
    pythons,
    sides,
    supervised,
    telling,
)
from envsnap.bisection.atoms import Atom, Held, Kind
from envsnap.bisection.causes import Found, Search
from envsnap.bisection.ends import BadWorksError, EndError, Ends, GoodFailsError
from envsnap.bisection.environments import Environments, Tools
from envsnap.bisection.order import Suspects
from envsnap.bisection.places import Layout
from envsnap.bisection.requirements import implications
from envsnap.bisection.result import Bisection, Plan
from envsnap.bisection.store import LARGEST, Session, Store
from envsnap.bisection.trials import Budget, SpentError, Trials
from envsnap.errors import BuildError, InputError
from envsnap.image.locking import uv
from envsnap.model.manifest import Manifest
from envsnap.model.reading import stated
from envsnap.replay.esr import archive

HINT_OF_A_COPY = (
    "each trial ran in a copy of {folder}: what lies beside it was not there (--in-place runs in it);"
    " what no index has was left out (--find-links FOLDER brings wheels along)"
)


class Options(Struct, frozen=True, kw_only=True):
    """What a user can ask for. Times are in seconds, sizes in bytes.

    `files` are NAME=GOOD:BAD; `output` is a file that the command makes, or - for what it prints,
    whose bits are the judge; `recording` is one of the good side that judges; `repeat` is how often
    an end is run before it is believed; `jobs` is how many runs go on at once; `image` is one of a
    Docker Engine, in whose containers everything runs.
    """

    files: tuple[str, ...] = ()
    output: str | None = None
    recording: str | None = None
    jobs: int = 1
    repeat: int | None = None
    budget: float | None = None
    max_trials: int | None = None
    python: str | None = None
    find_links: str | None = None
    timeout: float | None = None
    in_place: bool = False
    image: str | None = None
    log: str | None = None
    resume: bool = False
    cache_limit: int = LARGEST


class Progress(Struct, kw_only=True):
    """What a display shows: trials done, candidates left, the best suspect, and the last line."""

    trials: int = 0
    runs: int = 0
    left: int = 0
    suspect: str = ""
    seconds_left: float | None = None
    line: str = ""


Tell = Callable[[Progress], None]


class Bisecting:
    """One bisection, from two manifests and a command to a result."""

    def __init__(
        self,
        good: Manifest,
        bad: Manifest,
        command: Sequence[str],
        options: Options,
        *,
        names: tuple[str, str] = ("GOOD", "BAD"),
        read_here: Sequence[str] = (),
        tell: Tell = lambda _: None,
    ) -> None:
        if not command:
            raise InputError("name a command that shows the fault, after --")
        if options.image is not None and options.recording is not None:
            raise InputError(
                "--in and --oracle exclude each other; judge by the exit code or by bits"
            )
        self.command, self.options = tuple(command), options
        self.shown = files.shown_words(command)
        self.good, self.bad = (sides.read(side, options.find_links) for side in (good, bad))
        self.captured = captured.Captured(self.good, self.bad)
        self._wheels = options.find_links
        self.files = files.read(options.files)
        self.recording = self._recording()
        self.names = names
        self._read_here, self._tell = read_here, tell
        self.differences = differences.Differences(self.good, self.bad, self.files)
        self.held = list(self.differences.held)
        self.layout = Layout(command, os.getcwd(), self.files, in_place=options.in_place)
        self.notes = [
            *self.layout.notes,
            *files.unlike_captured(self.files, self.good.manifest, self.bad.manifest),
        ]
        self._image: contained.Image | None = None
        self.progress = Progress()

    def plan(self) -> Plan:
        """What would be varied, in which order, without a run."""
        atoms = self.differences.atoms
        suspects = Suspects(atoms, self.good.manifest, self.bad.manifest, "", None)
        return telling.plan(atoms, suspects, self.held, self.notes)

    def run(self) -> Bisection:
        """Find and prove. Raises InputError and BuildError; nothing of ours stays behind."""
        store = Store()
        store.shrink(self.options.cache_limit)
        session = Session(store)
        try:
            python, tools = self._tools(store, session)
            environments = Environments(store, session, tools)
            environments.sweep()
            return self._found(store, session, environments, python)
        finally:
            supervised.stop()
            if self._image is not None:
                self._image.close()
            session.close()

    def _tools(self, store: Store, session: Session) -> tuple[pythons.Python, Tools]:
        """The Python of all trials, and with what environments are made."""
        executable = uv.executable()
        links = self._wheels = captured.taken_from(
            self.options.find_links, store.wheels, self.captured
        )
        cache, start = store.uv, None
        if self.options.image is None:
            python = pythons.find(self.good.manifest, self.options.python, executable)
        else:
            image = self._image = contained.Image(self.options.image, session.folder)
            python = image.find(self.good.python, self.options.python)
            cache = os.path.join(store.images, image.id.rpartition(":")[2][:16])
            start = image.starter(contained.for_setup(store.root, executable, links))
            self.notes.append(
                f"everything ran in containers of {image.name} ({image.id}): Python, libc and system"
                " packages are those of the image on both sides"
            )
        tag = f"{python.tag}-{python.version}"
        return python, Tools(
            python=python.path,
            tag=tag,
            uv=executable,
            cache=cache,
            find_links=links,
            start=start,
            captured=self.captured,
        )

    def _recording(self) -> str | None:
        """The golden recording that judges, if one does; it has to be readable."""
        if self.options.recording is None:
            return None
        archive.read(self.options.recording)
        return os.path.abspath(self.options.recording)

    def _found(
        self, store: Store, session: Session, environments: Environments, python: pythons.Python
    ) -> Bisection:
        atoms, pins = self._obtainable(environments)
        image = self._image
        own = dict(os.environ) if image is None else image.variables
        made = experiment.Experiment(
            atoms,
            experiment.carried(self.good, self.bad, pins, own, self._read_here),
            self.layout,
            environments,
            session,
            experiment.Way(
                timeout=self.options.timeout,
                output=self.options.output,
                recording=self.recording,
                hear=self._heard,
                image=image,
            ),
        )
        head = self._head(atoms, pins, python)
        path = self.options.log or os.path.join(store.logs, f"{head.inputs[:16]}.jsonl")
        journal = log.Log(path, head, resume=self.options.resume)
        for run in journal.runs:
            made.learn(run)
        trials = Trials(
            made,
            journal,
            Budget(seconds=self.options.budget, trials=self.options.max_trials),
            self._ran,
            self.options.jobs,
        )
        self._trials = trials
        try:
            found = self._search(atoms, trials, python)
        finally:
            journal.close()
        spent = telling.Spent(
            environments=len(environments.seconds),
            seconds=tuple(environments.seconds[1:]),
            disk=store.size(),
        )
        return telling.result(self._asked(python), found, trials, spent, path)

    def _asked(self, python: pythons.Python) -> telling.Asked:
        """What was asked, with what was held equal."""
        return telling.Asked(
            good=telling.end(self.names[0], self.good.manifest),
            bad=telling.end(self.names[1], self.bad.manifest),
            command=self.shown,
            judge=telling.judge(self.options.output, self.options.recording),
            python=f"{python.version} ({python.path})",
            held=tuple(self.held),
            notes=(*self.notes, *self.captured.notes()),
            unlike=self.captured.unlike,
            claimed=frozenset(
                name
                for side in (self.good, self.bad)
                for names in (stated(side.manifest, "packages", "claimed_twice") or {}).values()
                for name in names
            ),
        )

    def _search(self, atoms: tuple[Atom, ...], trials: Trials, python: pythons.Python) -> Found:
        everything = frozenset(range(len(atoms)))
        found = Found(atoms=atoms, everything=everything)
        ends = Ends(
            trials, everything, repeat=self.options.repeat, bits=self.options.output is not None
        )
        try:
            ends.settle()
        except (BadWorksError, EndError, SpentError) as error:
            if isinstance(error, GoodFailsError) and self.layout.copied:
                self.notes.append(HINT_OF_A_COPY.format(folder=self.layout.folder))
            found.stopped = error
        found.suspects = self._suspects(atoms, trials)
        if found.stopped is not None:
            return found
        numbers = {
            atom.name: number for number, atom in enumerate(atoms) if atom.kind is Kind.PACKAGE
        }
        needs = implications(numbers, self.good, self.bad, python.version)
        Search(found, trials, ends, needs, self._left).run()
        return found

    def _suspects(self, atoms: tuple[Atom, ...], trials: Trials) -> Suspects:
        """The order of `diff`, with what the bad side printed when it failed."""
        everything = frozenset(range(len(atoms)))
        said = next(
            (run.stderr for run in trials.runs.get(everything, ()) if run.outcome in trials.bad), ""
        )
        runs = [run for runs in trials.runs.values() for run in runs if run.imported is not None]
        seen = {name for run in runs for name in run.imported or ()} if runs else None
        if trials.runs and seen is None and any(atom.kind is Kind.PACKAGE for atom in atoms):
            self.notes.append(
                "no Python of the trials' environments told what it imported: if the command"
                " runs a Python of its own, distributions were not varied for it"
            )
        return Suspects(atoms, self.good.manifest, self.bad.manifest, said, seen)

    def _obtainable(self, environments: Environments) -> tuple[tuple[Atom, ...], dict[str, str]]:
        """The atoms that can be applied, and the pins of everything else."""
        wanted = {
            side: {
                name: found.version for name, found in packages.items() if found.obstacle is None
            }
            for side, packages in (("good", self.good.packages), ("bad", self.bad.packages))
        }
        lacking: dict[str, str] = {}
        lost: dict[str, set[str]] = {}
        for side, pins in wanted.items():
            missing = environments.obtainable(
                {name: version for name, version in pins.items() if name not in lacking}
            )
            lacking |= missing
            lost[side] = set(missing)
            if pins and len(missing) == len(pins):
                raise BuildError(
                    f"none of {len(pins)} distributions can be had: {next(iter(missing.values()))}"
                )
        atoms = []
        for atom in self.differences.atoms:
            if atom.kind is Kind.PACKAGE and atom.name in lacking:
                why = f"it cannot be installed here: {lacking[atom.name][:300]}"
                self.held.append(Held(path=atom.path, good=atom.good, bad=atom.bad, why=why))
            else:
                atoms.append(atom)
        varied = {atom.name for atom in atoms if atom.kind is Kind.PACKAGE}
        pins = self._pins(wanted, varied, lost["good"])
        return tuple(atoms), pins

    def _pins(
        self, wanted: Mapping[str, Mapping[str, str]], varied: set[str], lacking: set[str]
    ) -> dict[str, str]:
        """What every environment has: the good side's, where that can be had at all."""
        pins = {
            name: version
            for name, version in wanted["good"].items()
            if name not in varied and name not in lacking
        }
        left_out = sorted(
            name
            for name in {**self.good.packages, **self.bad.packages}
            if name not in varied and name not in pins
        )
        if left_out:
            self.notes.append(f"left out of every environment: {', '.join(left_out[:20])}")
        return pins

    def _head(
        self, atoms: tuple[Atom, ...], pins: Mapping[str, str], python: pythons.Python
    ) -> log.Head:
        """What identifies this bisection: a log of another one is no use for it."""
        options = self.options
        parts = (
            self.command,
            self.layout.folder,
            [(atom.title, atom.kind.value, atom.good, atom.bad) for atom in atoms],
            sorted(pins.items()),
            [(file.name, file.good.sha256, file.bad.sha256) for file in self.files],
            (options.output, options.recording, options.repeat, options.in_place),
            os.path.basename(self._wheels or ""),
            python.version,
            sorted(files.of_command(self.command, self.layout.folder)),
            *((self._image.id,) if self._image is not None else ()),
        )
        digest = hashlib.sha256(msgspec.json.encode(parts)).hexdigest()
        return log.Head(
            version=log.VERSION,
            inputs=digest,
            command=self.shown,
            atoms=tuple(atom.title for atom in atoms),
        )

    def _heard(self, line: str) -> None:
        self.progress.line = line
        self._tell(self.progress)

    def _ran(self) -> None:
        self.progress.trials = self._trials.count
        self.progress.runs = sum(map(len, self._trials.runs.values()))
        self._tell(self.progress)

    def _left(self, candidates: int, suspect: str, seconds: float | None) -> None:
        self.progress.left, self.progress.suspect = candidates, suspect
        self.progress.seconds_left = seconds
        self._tell(self.progress)
