"""What only a loaded image library tells. Runs in a child, which imports one of them."""

import importlib
import os
import sys

from . import codecs
from ..readers import codec_files, mapped
from ..record import Record, reason


def run_child(options: dict) -> dict:
    """Import Pillow or OpenCV and describe it; this is the child's whole life."""
    record = Record()
    sys.path[:] = options["sys_path"]
    try:
        {"pillow": _pillow, "opencv": _opencv}[options["codec"]](record)
    except BaseException as error:  # SystemExit too: whatever an import does is a finding
        for key in options["wanted"]:
            record.gap(key, reason(error))
    return {"facts": record.facts, "gaps": record.gaps, "mapped": mapped.own_system_files()}


def _pillow(record: Record) -> None:
    extension = importlib.import_module("PIL._imaging")
    try:
        webp = importlib.import_module("PIL._webp")
    except ImportError:
        webp = None
    codecs.pillow(
        record, extension.__file__, _really_loaded(codec_files.needed(extension.__file__))
    )
    record.facts["webp"] = _webp_version(webp) if webp else None


def _webp_version(webp) -> str:
    """Older Pillows give libwebp's number, 0x010302, newer ones a text."""
    asked = getattr(webp, "WebPDecoderVersion", None)
    stated = asked() if asked else webp.webpdecoder_version
    if isinstance(stated, int):
        return "%d.%d.%d" % (stated >> 16, stated >> 8 & 255, stated & 255)
    return str(stated)


def _really_loaded(expected: dict) -> dict:
    """Replace the files that the loader was expected to take, and did not, by those it took."""
    if not os.path.exists(mapped.maps_path()):
        return expected
    loaded = {}
    with open(mapped.maps_path(), "rb") as stream:
        for line in stream:
            path = os.fsdecode(line[line.find(b"/") :].rstrip(b"\n")) if b".so" in line else ""
            match = codec_files.NAMES.match(os.path.basename(path))
            if match and os.path.exists(path):
                loaded.setdefault(match.group(1), set()).add(os.path.realpath(path))
    return {
        name: path if os.path.realpath(path) in loaded.get(name, (path,)) else min(loaded[name])
        for name, path in expected.items()
    }


def _opencv(record: Record) -> None:
    from . import opencv

    opencv.build(record, importlib.import_module("cv2").getBuildInformation().strip())
