"""`jax.print_environment_info()`, with the nvidia-smi table that it appends."""

from __future__ import annotations

import re

from envsnap.intake.formats import key_values, machine, nvidia_smi
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.format import RefusedError
from envsnap.intake.formats.source import Source
from envsnap.model.compute import Framework

PAIR = re.compile(
    r"^\s{0,8}(?P<key>[a-z][\w .-]{1,40}?)(?: \(\d+ total, \d+ local\))?:\s*(?P<value>.*)$"
)
BEGIN = re.compile(r"^\s{0,8}jax:\s+\d")
JAXLIB = re.compile(r"^[ \t]{0,8}jaxlib:\s+\d", re.MULTILINE)
END = re.compile(r"^\s*(?:\$ nvidia-smi|\+-{10,}|```)|^\s*$")
VARIABLE = re.compile(r"^\s{0,8}((?:JAX|XLA)_[A-Z0-9_]+)=(.*)$")


def recognise(source: Source) -> bool:
    """The line of jax with that of jaxlib."""
    text = "\n".join(source.unlogged)
    return JAXLIB.search(text) is not None and bool(key_values.block(source, BEGIN, END))


def read(source: Source) -> Draft:
    """Versions, Python, the platform and the devices' host."""
    blocks = key_values.block(source, BEGIN, END)
    if len(blocks) > 1:
        raise RefusedError(
            f"{source.name}: holds {len(blocks)} reports of jax; put each into a file of its own"
        )
    draft = Draft("the output of jax.print_environment_info()", "stated")
    key_values.read(draft, KIND, blocks[0])
    for line in blocks[0]:
        found = VARIABLE.match(line)
        if found is not None:
            draft.variable(found[1], found[2])
    nvidia_smi.add(draft, source)
    return draft


# The kind, the number of devices of all hosts, and that of this one.
LOCAL = re.compile(r"(?P<name>NVIDIA .{1,80})-\d{1,5}, (?P<count>\d{1,2}) local devices")


def _jax(draft: Draft, value: str) -> None:
    if machine.package(draft, "jax", value):
        draft.framework("jax", Framework(version=machine.version(value)))


def _devices(draft: Draft, value: str) -> None:
    """`[CpuDevice(id=0)]`, `[CudaDevice(id=0)]`; newer: `NVIDIA RTX A6000-2, 2 local devices`."""
    local = LOCAL.match(value)
    if local is not None:
        for index in range(int(local["count"])):
            machine.gpu_name(draft, index, local["name"])
    kinds = re.findall(r"\b(\w+)Device\(", value)
    if (kinds and set(kinds) <= {"Gpu", "Cuda", "Rocm"}) or value.startswith("NVIDIA "):
        draft.framework("jax", Framework(cuda_available=True))
    elif set(kinds) == {"Cpu"} or re.match(r"cpu-\d", value):
        draft.framework("jax", Framework(cuda_available=False))


KIND = key_values.Kind(
    pair=PAIR,
    table={
        "jax": _jax,
        "jaxlib": key_values.of("jaxlib"),
        "numpy": key_values.of("numpy"),
        "python": machine.python,
        "platform": machine.uname,
        "jax.devices": _devices,
        "device info": _devices,
        "jax-cuda12-plugin": key_values.of("jax-cuda12-plugin"),
        "jax-cuda13-plugin": key_values.of("jax-cuda13-plugin"),
        "jax-rocm60-plugin": key_values.of("jax-rocm60-plugin"),
    },
)
