"""`python -m detectron2.utils.collect_env`: a table of two columns between two rules."""

from __future__ import annotations

import re

from envsnap.intake.formats import key_values, machine, mmengine_env, torch_build
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.compute import Framework, Gpu

PAIR = re.compile(r"^\s{0,8}(?P<key>[A-Za-z][\w.,()]*(?: [\w.,()]+){0,4}) {2,}(?P<value>\S.*)$")
BEGIN = re.compile(r"^\s{0,8}sys\.platform {2,}")
END = re.compile(r"^\s{0,8}-{4,}(?: +-{4,})?\s*$")
GPU = re.compile(r"^GPU (\d{1,3}(?:,\d{1,3})*)$")
ARCHITECTURE = re.compile(r"^(?P<name>.+?) \(arch=(?P<capability>\d{1,2}\.\d)\)$")


def recognise(source: Source) -> bool:
    """A table that begins with sys.platform and names detectron2."""
    return any(any("detectron2" in line for line in block) for block in _blocks(source))


def _blocks(source: Source) -> list[list[str]]:
    return key_values.block(source, BEGIN, END)


def read(source: Source) -> Draft:
    """The table's facts."""
    blocks = _blocks(source)
    if any(block != blocks[0] for block in blocks[1:]):
        raise RefusedError(
            f"{source.name}: holds {len(blocks)} reports of detectron2; put each into a file of its own"
        )
    draft = Draft("the output of detectron2's collect_env", "stated")
    for key, value in key_values.pairs(KIND, blocks[0]):
        found = GPU.match(key)
        if found is not None:
            _gpu(draft, key_values.numbers(found[1]), value)
        elif (take := KIND.table.get(key.lower())) is not None:
            take(draft, value)
    lines = source.unlogged
    build = next(
        (place for place, line in enumerate(lines) if line.strip() == "PyTorch built with:"), None
    )
    if build is not None:
        torch_build.read(draft, lines[build + 1 :])
    if draft.entries("gpus"):
        draft.complete("gpus", names_only=True)
    return draft


def _gpu(draft: Draft, indices: list[int], value: str) -> None:
    found = ARCHITECTURE.match(value)
    for index in indices:
        machine.gpu_name(draft, index, value if found is None else found["name"])
        if found is not None:
            draft.gpu(index, Gpu(compute_capability=found["capability"]))


def _debug(draft: Draft, value: str) -> None:
    draft.framework("torch", Framework(debug=machine.flag(value)))


def _abi(draft: Draft, value: str) -> None:
    draft.framework("torch", Framework(cxx11_abi=machine.flag(value)))


def _available(draft: Draft, value: str) -> None:
    """`Yes`, or `No: torch.cuda.is_available() == False`."""
    seen = machine.flag(value.split(":", maxsplit=1)[0])
    draft.framework("torch", Framework(cuda_available=seen))


def _compiler(draft: Draft, value: str) -> None:
    """What nvcc says, where detectron2 is not built; else the CUDA that it was built with."""
    if value.startswith("Cuda compilation tools"):
        machine.toolkit(draft, value)


KIND = key_values.Kind(
    pair=PAIR,
    table={
        "sys.platform": mmengine_env.platform,
        "python": machine.python,
        "numpy": key_values.of("numpy"),
        "detectron2": key_values.of("detectron2"),
        "pytorch": machine.torch,
        "pytorch debug build": _debug,
        "torch._c._glibcxx_use_cxx11_abi": _abi,
        "gpu available": _available,
        "cuda available": _available,
        "nvcc": machine.toolkit,
        "cuda compiler": _compiler,
        "driver version": machine.driver,
        "cuda_home": machine.cuda_home,
        "pillow": key_values.of("pillow"),
        "torchvision": key_values.of("torchvision"),
        "fvcore": key_values.of("fvcore"),
        "iopath": key_values.of("iopath"),
        "cv2": mmengine_env.opencv,
    },
)
