"""The "System environment" of mmengine's and mmcv's logs."""

from __future__ import annotations

import itertools
import re

from envsnap.intake.formats import configs, key_values, machine, torch_build
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.compute import Codec, Codecs
from envsnap.model.host import System

PAIR = re.compile(
    r"^\s{0,8}(?:[-*] )?(?P<key>[A-Za-z][\w ,.()-]{0,60}?)\s{0,20}:(?:\s(?P<value>.*))?$"
)
# A reply may begin on the line itself, with whom it is for.
BEGIN = re.compile(r"^\s{0,8}(?:[-*] |@[\w-]{1,40}[:,]? )?sys\.platform: ?(?:linux|win32|darwin)")
END = re.compile(r"^(?:Runtime environment:|-{10,}|={10,}|```|</details>)\s*$")
BUILD = re.compile(r"^\s{0,8}(?:[-*] )?PyTorch compiling details:")
RUNTIME = re.compile(r"^\s{0,8}Runtime environment:\s*$")
SETTING = re.compile(
    r"^\s{1,12}(?P<key>cudnn_benchmark|mp_cfg|seed|deterministic|GPU number): (?P<value>.{1,400})$"
)
OWN = re.compile(
    r"^\s{0,8}(?:[-*] )?(?:MMEngine|MMCV|MMDetection|PyTorch compiling details|TorchVision|NVCC|CUDA available):"
)


def recognise(source: Source) -> bool:
    """sys.platform at the head of a block that mmengine writes."""
    return "sys.platform:" in source.text and bool(_blocks(source))


def _blocks(source: Source) -> list[list[str]]:
    found = key_values.block(source, BEGIN, END)
    return [lines for lines in found if sum(OWN.match(line) is not None for line in lines) > 1]


def read(source: Source) -> Draft:
    """The block's facts; a log that repeats one block states it once."""
    blocks = _blocks(source)
    if any(block != blocks[0] for block in blocks[1:]):
        raise RefusedError(
            f"{source.name}: holds {len(blocks)} different reports of mmengine; put each into a file of its own"
        )
    draft = Draft("the environment that mmengine logs", "stated")
    told = [blocks[0][0][blocks[0][0].index("sys.platform") :], *blocks[0][1:]]
    key_values.read(draft, KIND, _without_build(told))
    build = next((place for place, line in enumerate(blocks[0]) if BUILD.match(line)), None)
    if build is not None:
        torch_build.read(draft, blocks[0][build + 1 :])
    runtime = _runtime(source)
    if runtime:
        configs.add_told(draft, "mmengine", {"runtime": runtime}, source.cut)
    if draft.entries("gpus"):
        draft.complete("gpus", names_only=True)
    return draft


def _runtime(source: Source) -> dict[str, str]:
    """What mmengine sets at the start, below "Runtime environment:": the benchmark of cuDNN, the seed."""
    found: dict[str, str] = {}
    lines = iter(source.bare)
    for line in lines:
        if RUNTIME.match(line):
            for told in itertools.takewhile(str.strip, lines):
                pair = SETTING.match(told)
                if pair is not None:
                    found[pair["key"]] = pair["value"].strip()
    return found


def _without_build(lines: list[str]) -> list[str]:
    return [line for line in lines if not torch_build.ITEM.match(line)]


def platform(draft: Draft, value: str) -> None:
    """sys.platform."""
    if value in ("linux", "win32", "darwin"):
        draft.add(System(complete=False, platform=value))


def cuda_available(draft: Draft, value: str) -> None:
    """Whether torch sees a GPU."""
    from envsnap.model.compute import Framework

    draft.framework("torch", Framework(cuda_available=machine.flag(value)))


def opencv(draft: Draft, value: str) -> None:
    """The library's own version: which distribution brought it is not told."""
    version = machine.version(value)
    if isinstance(version, str):
        draft.add(Codecs(complete=False, entries={"opencv": Codec(version=version)}))


def mmcv(draft: Draft, value: str) -> None:
    """The release; before 2.0 the one with operators was another distribution, mmcv-full."""
    if value.strip().startswith(("0.", "1.")):
        draft.leave("mmcv, which is mmcv or mmcv-full")
    else:
        machine.package(draft, "mmcv", value)


KIND = key_values.Kind(
    pair=PAIR,
    table={
        "sys.platform": platform,
        "python": machine.python,
        "cuda available": cuda_available,
        "cuda_home": machine.cuda_home,
        "nvcc": machine.toolkit,
        "pytorch": machine.torch,
        "opencv": opencv,
        "torchvision": key_values.of("torchvision"),
        "mmengine": key_values.of("mmengine"),
        "mmcv": mmcv,
        "mmdetection": key_values.of("mmdet"),
        "mmdetection3d": key_values.of("mmdet3d"),
        "mmsegmentation": key_values.of("mmsegmentation"),
        "mmpretrain": key_values.of("mmpretrain"),
        "mmclassification": key_values.of("mmcls"),
        "mmpose": key_values.of("mmpose"),
        "mmocr": key_values.of("mmocr"),
        "mmrotate": key_values.of("mmrotate"),
    },
)
