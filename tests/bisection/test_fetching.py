"""What is fetched from an index is fetched once, and trials run without one."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from envsnap import api
from envsnap.bisection.session import Options
from tests.bisection.world import IMPORTS, World, culprits


class Index(http.server.ThreadingHTTPServer):
    """A simple index of a folder of wheels; `asked` are the paths that were asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Page)  # the system chooses a port that is free
        self.folder, self.asked = folder, list[str]()
        self.closed = threading.Event()


class Page(http.server.BaseHTTPRequestHandler):
    """One page a project, and the files."""

    def do_GET(self) -> None:
        """Answer with the links of a project, or with a wheel."""
        index = self.server
        assert isinstance(index, Index)
        index.asked.append(self.path)
        if index.closed.is_set():
            self.send_error(503)
            return
        *_, folder, name = self.path.split("/")
        if name.endswith(".whl") and (index.folder / name).is_file():
            self._answer((index.folder / name).read_bytes(), "application/octet-stream")
            return
        project = (folder or "").replace("-", "_")
        found = sorted(path.name for path in index.folder.glob(f"{project}-*.whl"))
        if name or not found:
            self.send_error(404)
            return
        links = "".join(f'<a href="/files/{file}">{file}</a>\n' for file in found)
        self._answer(f"<!DOCTYPE html><html><body>{links}</body></html>".encode(), "text/html")

    def _answer(self, data: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- its name there
        """Say nothing."""


@pytest.fixture
def index(world: World) -> Iterator[Index]:
    """The world's wheels in an index of this machine."""
    with Index(world.wheels) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_wheels_are_fetched_once_and_trials_ask_no_index(
    world: World, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV_OFFLINE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{index.server_port}/simple/")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    Path("main.py").write_text(f"{IMPORTS}import sys\nsys.exit(trial_07.value == 2)\n")
    sides = world.manifests()

    def closing(progress: object) -> None:
        """From the first run on the index answers nobody."""
        index.closed.set()

    for expected in (28, 0):
        index.closed.clear()
        index.asked.clear()
        found = api.bisect_environments(*sides, ("python", "main.py"), Options(), tell=closing)
        assert culprits(found) == [["packages.trial-07"]]
        wheels = [path for path in index.asked if path.endswith(".whl")]
        assert len(wheels) == len(set(wheels)) == expected
