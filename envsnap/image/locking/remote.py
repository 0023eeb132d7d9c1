"""Reads a few pieces of a file on a server, as a file, without fetching all of it."""

from __future__ import annotations

import base64
import io
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

TAIL = 1 << 16  # a wheel's table of contents and its RECORD stand at its end
TRIES = 3
WAIT_SECONDS = 0.5
TIMEOUT = 60.0
TOTAL = re.compile(r"bytes [0-9]+-[0-9]+/([0-9]{1,15})")


class RemoteFile(io.RawIOBase):
    """A file on a server that answers range requests; its tail is fetched at once."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._url, self._headers = url, headers or {}
        self._at = 0
        tail, self._size = _fetch(url, f"bytes=-{TAIL}", self._headers)
        self._tail = tail[-TAIL:] if len(tail) < self._size else tail
        self._tail_start = self._size - len(self._tail)

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move, as in any file."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        """Where we are."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read as much as fits; asks the server only for what the tail does not hold."""
        view = memoryview(buffer).cast("B")
        end = min(self._at + len(view), self._size)
        if end <= self._at:
            return 0
        if self._at >= self._tail_start:
            data = self._tail[self._at - self._tail_start : end - self._tail_start]
        else:
            data, size = _fetch(self._url, f"bytes={self._at}-{end - 1}", self._headers)
            if size != self._size or len(data) != end - self._at:
                raise OSError("the server sent another piece than was asked for")
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


def _fetch(url: str, wanted: str, headers: Mapping[str, str]) -> tuple[bytes, int]:
    """Return a piece, and the size of the whole; raises OSError.

    A server that knows no ranges sends the whole file, which is then kept.
    """
    for attempt in range(TRIES):
        try:
            return _once(_request(url, wanted, headers))
        except urllib.error.HTTPError:
            raise
        except OSError:
            if attempt == TRIES - 1:
                raise
            time.sleep(WAIT_SECONDS * (attempt + 1))
    raise AssertionError


def _once(request: urllib.request.Request) -> tuple[bytes, int]:
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 -- https or http
        data = answer.read()
        match = TOTAL.fullmatch(answer.headers.get("Content-Range", ""))
        return data, int(match[1]) if match else len(data)


def _request(url: str, wanted: str, more: Mapping[str, str]) -> urllib.request.Request:
    """Build a request; a name and password in the address become a header."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http"):
        raise OSError(f"not an address of a server: {parts.scheme}")
    headers = {"Range": wanted, "User-Agent": "envsnap"}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    request = urllib.request.Request(urlunsplit(parts), headers=headers)  # noqa: S310 -- checked above
    for key, value in more.items():
        request.add_unredirected_header(key, value)  # another host gets no credentials
    return request
