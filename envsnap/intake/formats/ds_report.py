"""`ds_report`: DeepSpeed's general environment info."""

from __future__ import annotations

import re

from envsnap.intake.formats import key_values, machine
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.compute import Cuda, Framework

PAIR = re.compile(r"^\s{0,8}(?P<key>[a-z][\w ./()]{1,60}?) \.{2,60} (?P<value>\S.*)$")
BEGIN = re.compile(r"^\s{0,8}DeepSpeed general environment info:")
HIP = re.compile(r"\d{1,2}\.\d{1,2}(?:\.\d+)?(?:-\w+)?")
NUMBER = re.compile(r"\d{1,2}\.\d{1,2}(?:\.\d{1,4})?")


def recognise(source: Source) -> bool:
    """The heading, with dotted lines below it."""
    return "DeepSpeed general environment info" in source.text and bool(
        key_values.block(source, BEGIN)
    )


def read(source: Source) -> Draft:
    """Versions of torch, of what it was built for, of DeepSpeed and of the toolkit."""
    blocks = key_values.block(source, BEGIN)
    if len(blocks) > 1:
        raise RefusedError(
            f"{source.name}: holds {len(blocks)} reports of ds_report; put each into a file of its own"
        )
    draft = Draft("the output of ds_report", "stated")
    key_values.read(draft, KIND, blocks[0])
    return draft


def _cuda(draft: Draft, value: str) -> None:
    if value == "None":
        draft.framework("torch", Framework(cuda=None))
    elif NUMBER.fullmatch(value):
        draft.framework("torch", Framework(cuda=value))


def _hip(draft: Draft, value: str) -> None:
    if value == "None":
        draft.framework("torch", Framework(rocm=None))
    elif HIP.fullmatch(value):
        draft.framework("torch", Framework(rocm=value))


def _nvcc(draft: Draft, value: str) -> None:
    if NUMBER.fullmatch(value):
        draft.add(Cuda(complete=False, toolkit=value))


def _deepspeed(draft: Draft, value: str) -> None:
    machine.package(draft, "deepspeed", value.split(",", maxsplit=1)[0])


KIND = key_values.Kind(
    pair=PAIR,
    table={
        "torch version": machine.torch,
        "torch cuda version": _cuda,
        "torch hip version": _hip,
        "nvcc version": _nvcc,
        "deepspeed info": _deepspeed,
    },
)
