"""Names what ended a build, from the last lines of its log."""

from __future__ import annotations

import re
from collections.abc import Sequence

TAIL = 12

# In this order: what is told first is the cause of what is told later.
KINDS = (
    (
        "hash mismatch",
        re.compile(
            r"DO NOT MATCH THE HASHES|Hashes are required in --require-hashes mode"
            r"|is not the build that was meant"
        ),
        "a file is not the one that was locked; resolve again, and ask who replaced it",
    ),
    (
        "disk full",
        re.compile(r"no space left on device|No space left", re.IGNORECASE),
        "the engine's disk is full; free some (docker system df shows what takes it)",
    ),
    (
        "certificate",
        re.compile(r"CERTIFICATE_VERIFY_FAILED|x509:|SSLError|certificate verif", re.IGNORECASE),
        "a proxy's certificate is not known in the build; name its CA with --extra-ca FILE",
    ),
    (
        "network",
        re.compile(
            r"Temporary failure (in name resolution|resolving)|Could not resolve|no such host"
            r"|Network is unreachable|Connection refused|Connection timed out|i/o timeout"
            r"|TLS handshake timeout|NewConnectionError|ConnectTimeoutError|Could not connect"
            r"|connection reset|proxyconnect|context deadline exceeded",
            re.IGNORECASE,
        ),
        "the build reaches no server; it needs the package index and the image registry",
    ),
    (
        "no Python in the base",
        re.compile(r"python3?(?:\.[0-9]+)?: (?:command )?not found|/python3?: No such file"),
        "the base image has no such Python; name one that has it with --base, or leave --base out",
    ),
    (
        "image tag missing",
        re.compile(
            r"manifest (?:for .* not found|unknown)|pull access denied|repository does not exist"
            r"|failed to resolve source metadata|not found: manifest|No such image|: not found$"
            r"|failed to load cache key",
            re.IGNORECASE | re.MULTILINE,
        ),
        "the base image is not there; pull it, or name another with --base or --base-image",
    ),
    (
        "apt version gone",
        re.compile(r"E: (?:Version .* was not found|Unable to locate package|Package .* has no)"),
        "the distribution no longer has this package version",
    ),
    (
        "no wheel",
        re.compile(
            r"No matching distribution found|Could not find a version|is not a supported wheel"
        ),
        "the index has no such file for this Python and platform; --find-links names a folder",
    ),
    (
        "no compiler",
        re.compile(
            r"unable to execute '[^']*(?:gcc|cc|g\+\+)|error: command '[^']*(?:gcc|cc)'"
            r"|Failed building wheel|failed-wheel-build|metadata-generation-failed"
        ),
        "a package cannot be built from source here; name a folder of its wheel: --find-links",
    ),
)


def classify(log: Sequence[str]) -> tuple[str, str]:
    """Return the kind of failure, and what to do."""
    text = "\n".join(log)
    for kind, pattern, advice in KINDS:
        if pattern.search(text):
            return kind, advice
    return "failed", "the log's last lines say why"


def tail(log: Sequence[str]) -> list[str]:
    """Return the last lines that say something."""
    told = [" ".join(line.split()) for line in log if line.strip()]
    return told[-TAIL:]
