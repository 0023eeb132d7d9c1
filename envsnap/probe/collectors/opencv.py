"""What OpenCV decodes and computes with: its build information, and the files that it loads."""

import re

from ..readers import codec_files, loader
from ..record import Record

BUILD_INFORMATION = b"General configuration for OpenCV "
LONGEST_BUILD_INFORMATION = 32768
PARTS = ("libopencv_core", "libopencv_imgcodecs")


def describe(record: Record, path: str) -> bool:
    """Describe OpenCV by the build information in its files; False where none was found."""
    holders = [path] + _parts(path)
    libraries = {}
    for holder in holders:
        libraries.update(codec_files.needed(holder))
    text = None
    for holder in holders:
        text = text or _build_information(holder)
    if text is None:
        return False
    build(record, text)
    for library, field in codec_files.FIELDS.items():
        if library in libraries:  # what is loaded, not what was there when it was built
            record.learn_present(field, codec_files.stated, field, libraries[library])
    if record.facts.get("jpeg", "").startswith("libjpeg API"):
        found = codec_files.stated("jpeg", path)
        record.facts["jpeg"] = found or record.facts["jpeg"]
    codec_files.place(record, path, libraries)
    return True


def _parts(path: str) -> list:
    """OpenCV's own libraries, where it is built of several."""
    try:
        found = loader.find_needed(
            path, lambda names: [name for name in names if name.startswith(PARTS)]
        )
    except (OSError, ValueError):
        return []
    return list(found.values())


def _build_information(path: str) -> str:
    """The text that cv2.getBuildInformation() returns; it lies in the library as it is."""
    data = codec_files.constants(path)
    at = data.find(BUILD_INFORMATION)
    if at < 0:
        return None
    end = data.find(b"\0", at)
    return data[at : min(end, at + LONGEST_BUILD_INFORMATION)].decode("utf-8", "replace")


def build(record: Record, text: str) -> None:
    """Read OpenCV's build information; paths of the machine that built it stay out."""
    lines = [line.partition(":") for line in text.splitlines()]
    fields = {key.strip(): value.strip() for key, colon, value in lines if colon}
    match = re.match(re.escape(BUILD_INFORMATION.decode()) + r"(\d\S*)", text)
    if match:
        record.facts["version"] = match.group(1)
    for key, name in (("zlib", "ZLib"), ("png", "PNG"), ("tiff", "TIFF"), ("webp", "WEBP")):
        version = _version(fields.get(name, ""))
        if version:
            record.facts[key] = version
    jpeg = re.search(r"\(ver (\d[\w.]*)", fields.get("JPEG", ""))
    if jpeg and "turbo" in fields["JPEG"]:
        record.facts["jpeg"] = "libjpeg-turbo " + jpeg.group(1)
    elif jpeg:
        record.facts["jpeg"] = "libjpeg API " + jpeg.group(1)
    jpeg_2000 = fields.get("JPEG 2000", "") + fields.get("OpenJPEG", "")
    version = _version(jpeg_2000)
    if version and "asper" not in jpeg_2000 and not version.startswith("1.900"):
        record.facts["openjpeg"] = version
    ipp = fields.get("Intel IPP", "")
    record.facts["ipp"] = ipp.split()[0] if re.match(r"\d", ipp) else None
    if fields.get("Parallel framework"):
        record.facts["parallel"] = fields["Parallel framework"][:60]


def _version(text: str) -> str:
    """The version in "build (ver 42 - 4.2.0)"; for libwebp some builds state an interface only."""
    match = re.search(r"\(ver [^)]*?(\d+\.\d+(?:\.\d+)*)", text)
    if match:
        return match.group(1)
    match = re.search(r"encoder: (0x[0-9a-f]+)", text)
    return "encoder " + match.group(1) if match else None
