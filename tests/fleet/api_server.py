"""FAKE: an API server that knows pods of one namespace, for the real kubectl.

There is no cluster here. This speaks as much of the published protocol as `kubectl get pods` and
`kubectl exec` ask for (discovery, one list, `v5.channel.k8s.io` over WebSocket), and a pod's
command runs on this machine. What a kubelet and its runtime do is only known on a real cluster.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import signal
import struct
import subprocess
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import Any
from urllib.parse import parse_qs, urlsplit

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
PROTOCOL = "v5.channel.k8s.io"
STDIN, STDOUT, STDERR, ERROR, CLOSE = 0, 1, 2, 3, 255  # channels: the first byte of a message
RESOURCES = {
    "kind": "APIResourceList",
    "groupVersion": "v1",
    "resources": [
        {"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod",
         "verbs": ["get", "list"], "shortNames": ["po"]},
        {"name": "pods/exec", "singularName": "", "namespaced": True, "kind": "PodExecOptions",
         "verbs": ["create", "get"]},
    ],
}  # fmt: skip
DISCOVERY = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": RESOURCES,
}


def pod(name: str, image: str, status: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A pod as the API tells of it; one that runs without a status of its own."""
    container = {"name": "main", "ready": True, "imageID": image, "state": {"running": {}}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "ml", "labels": {"app": "train"}},
        "spec": {"containers": [{"name": "main", "image": image.partition("@")[0]}]},
        "status": status or {"phase": "Running", "containerStatuses": [container]},
    }


def failure(code: int, reason: str, message: str) -> dict[str, Any]:
    """A failure as the API tells of it."""
    return {
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
        "reason": reason, "message": message,
    }  # fmt: skip


class Cluster:
    """Pods by name, and how `exec` ends in each that does not simply run the command."""

    def __init__(self, pods: list[dict[str, Any]]) -> None:
        self.pods = {item["metadata"]["name"]: item for item in pods}
        self.failures: dict[str, dict[str, Any]] = {}
        self.variables: dict[str, dict[str, str]] = {}
        self.hung: set[str] = set()
        self.asked: list[str] = []
        self._stopped: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a command in a pod; in one that hangs it is stopped before its first step."""
        self.asked.append(name)
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, **self.variables.get(name, {})},
        )
        if name in self.hung:
            os.killpg(child.pid, signal.SIGSTOP)
            self._stopped.append(child)
        return child

    def end(self) -> None:
        """End what hangs in pods: nothing else would."""
        for child in self._stopped:
            with contextlib.suppress(OSError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait(5)
            for stream in (child.stdin, child.stdout, child.stderr):
                with contextlib.suppress(OSError):
                    assert stream is not None
                    stream.close()


@contextlib.contextmanager
def serving(cluster: Cluster) -> Iterator[str]:
    """Serve on loopback; gives the address."""

    class Bound(Handler):
        pass

    Bound.cluster = cluster
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        cluster.end()


class Handler(BaseHTTPRequestHandler):
    """One request of kubectl."""

    cluster: Cluster
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has there
        """Say nothing."""

    def do_POST(self) -> None:
        """What kubectl falls back to where it gets no WebSocket."""
        self.do_GET()

    def do_GET(self) -> None:
        """Discovery, pods, and `exec`."""
        place = urlsplit(self.path)
        words = place.path.strip("/").split("/")
        if place.path in DISCOVERY:
            self._say(200, DISCOVERY[place.path])
        elif words[:4] == ["api", "v1", "namespaces", "ml"] and words[4:5] == ["pods"]:
            self._pods(words[5:], parse_qs(place.query))
        else:
            self._say(404, failure(404, "NotFound", f"{place.path[:80]} is not there"))

    def _pods(self, words: list[str], query: dict[str, list[str]]) -> None:
        if not words:
            key, _, value = query.get("labelSelector", ["="])[0].partition("=")
            found = [
                item
                for item in self.cluster.pods.values()
                if not key or item["metadata"]["labels"].get(key) == value
            ]
            self._say(200, {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": found})
        elif words[0] not in self.cluster.pods:
            self._say(404, failure(404, "NotFound", f'pods "{words[0]}" not found'))
        elif words[1:] != ["exec"]:
            self._say(200, self.cluster.pods[words[0]])
        elif words[0] in self.cluster.failures:
            told = self.cluster.failures[words[0]]
            self._say(told["code"], told)
        else:
            self._exec(words[0], query["command"])

    def _say(self, code: int, tree: object) -> None:
        data = json.dumps(tree).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _exec(self, name: str, command: list[str]) -> None:
        key = self.headers["Sec-WebSocket-Key"].encode()
        accepted = base64.b64encode(hashlib.sha1(key + MAGIC).digest()).decode()  # noqa: S324 - RFC 6455
        self.send_response(101)
        for header, value in (
            ("Upgrade", "websocket"), ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", accepted), ("Sec-WebSocket-Protocol", PROTOCOL),
        ):  # fmt: skip
            self.send_header(header, value)
        self.end_headers()
        self.close_connection = True
        child = self.cluster.start(name, command)
        listening = threading.Thread(target=self._listen, args=(child,), daemon=True)
        listening.start()
        complaint: list[bytes] = []
        assert child.stdout is not None
        assert child.stderr is not None
        errors = child.stderr
        hearing = threading.Thread(target=lambda: complaint.append(errors.read()), daemon=True)
        hearing.start()
        with contextlib.suppress(OSError):
            while piece := child.stdout.read1(60000):  # type: ignore[attr-defined]
                self._send(STDOUT, piece)
            code = child.wait()
            hearing.join()
            child.stdout.close()
            errors.close()
            self._send(STDERR, complaint[0][:60000])
            self._send(ERROR, json.dumps(_ended(code)).encode())
            self.wfile.write(b"\x88\x02\x03\xe8")  # closed: 1000

    def _send(self, channel: int, data: bytes) -> None:
        size = len(data) + 1
        head = (
            struct.pack("!BB", 0x82, size) if size < 126 else struct.pack("!BBH", 0x82, 126, size)
        )
        self.wfile.write(head + bytes([channel]) + data)

    def _listen(self, child: subprocess.Popen[bytes]) -> None:
        """Hand standard input on; end the command when the client goes."""
        assert child.stdin is not None
        with contextlib.suppress(OSError, EOFError, struct.error):
            for message in _messages(self.rfile):
                if message[:1] == bytes([STDIN]):
                    child.stdin.write(message[1:])
                    child.stdin.flush()
                elif message == bytes([CLOSE, STDIN]):
                    child.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


def _messages(stream: BufferedIOBase) -> Iterator[bytes]:
    """The messages of a client, until it closes."""
    whole = b""
    while len(head := stream.read(2)) == 2:
        size = head[1] & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", stream.read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", stream.read(8))
        mask = stream.read(4)
        data = bytes(byte ^ mask[place % 4] for place, byte in enumerate(stream.read(size)))
        kind = head[0] & 0x0F
        if kind == 8:
            return
        if kind in (0, 1, 2):
            whole += data
            if head[0] & 0x80:
                yield whole
                whole = b""


def _ended(code: int) -> dict[str, Any]:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    cause = {"reason": "ExitCode", "message": str(code)}
    return {
        "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
        "message": f"command terminated with non-zero exit code: {code}",
        "details": {"causes": [cause]},
    }  # fmt: skip
