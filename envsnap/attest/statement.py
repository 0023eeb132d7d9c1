"""What is signed: an in-toto Statement v1 that names a file's bytes and what it describes.

The fingerprint alone would leave gaps, completeness and the label unsigned, so the SHA-256 of the
file is a subject too. A statement follows from the file, so it is made anew where it is verified,
and nobody has to be believed about it.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from envsnap.errors import InputError
from envsnap.model import scan

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:envsnap:{kind}:1"
FINGERPRINT = re.compile(r"sha256:([0-9a-f]{64})")
# A field that only files of this kind have, and what such a file is called.
MANIFEST = "manifest"
KINDS = (("proof_version", "proof"), ("plan_version", "plan"), ("schema_version", MANIFEST))


def of_file(data: bytes, text: bytes, name: str) -> bytes:
    """Return the statement about a manifest, a proof or a plan, as canonical JSON.

    `data` are the bytes of the file, and `text` is what they say in UTF-8. Raises InputError, which
    begins with `name`, where the file is none of the three.
    """
    tree = scan.parse(text, name)
    kind = next((kind for field, kind in KINDS if isinstance(tree, dict) and field in tree), None)
    if kind is None:
        raise InputError(
            f"{name}: not a manifest, proof or plan of envsnap, and only those can be signed"
        )
    match = FINGERPRINT.fullmatch(str(tree.get("fingerprint")))
    if match is None:
        raise InputError(f"{name}: has no fingerprint to sign")
    return _canonical(_statement(kind, hashlib.sha256(data).hexdigest(), match.group(1)))


def kind_of(statement: bytes) -> str:
    """What a statement of ours is about: a manifest, a proof or a plan."""
    return str(json.loads(statement)["predicate"]["kind"])


def _statement(kind: str, file: str, fingerprint: str) -> dict[str, Any]:
    return {
        "_type": TYPE,
        "subject": [
            {"name": "file", "digest": {"sha256": file}},
            {"name": "fingerprint", "digest": {"sha256": fingerprint}},
        ],
        "predicateType": PREDICATE.format(kind=kind),
        "predicate": {"kind": kind},
    }


def _canonical(statement: dict[str, Any]) -> bytes:
    text = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode("ascii") + b"\n"
