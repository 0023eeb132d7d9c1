"""Three ways to lay out the same environment: as today, in one layer, and by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from envsnap.image import records
from envsnap.image.records import Plan, Requirements
from envsnap.image.writing import context, dockerfile, render

Files = dict[str, bytes | Path]
ONE_FILE = "requirements.txt"
BY_HAND = """FROM {base}
RUN python3 -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY torch.txt {heavy} /tmp/torch/
RUN pip install --no-cache-dir --no-deps --no-index --find-links /tmp/torch -r /tmp/torch/torch.txt
COPY requirements.txt {light} /tmp/rest/
RUN pip install --no-cache-dir --no-deps --no-index --find-links /tmp/rest -r /tmp/rest/requirements.txt
ADD app.tar /app/
WORKDIR /app
USER 10001:10001
CMD ["python", "serve.py"]
"""
# The same, from a builder that can show wheels to a step without a layer of their own.
MOUNTED = """FROM {base}
RUN python3 -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY torch.txt /tmp/
RUN --mount=type=bind,target=/tmp/wheels pip install --no-cache-dir --no-deps --no-index \\
    --find-links /tmp/wheels -r /tmp/torch.txt
COPY requirements.txt /tmp/
RUN --mount=type=bind,target=/tmp/wheels pip install --no-cache-dir --no-deps --no-index \\
    --find-links /tmp/wheels -r /tmp/requirements.txt
ADD app.tar /app/
WORKDIR /app
USER 10001:10001
CMD ["python", "serve.py"]
"""


def today(folder: Path) -> Files:
    """The context as envsnap wrote it."""
    return {path.name: path for path in sorted(folder.iterdir()) if path.name != context.PROOF}


def one_layer(folder: Path) -> Files:
    """The layout of before: one file of requirements, one stage, one layer."""
    plan = records.decode((folder / "dockerfile.json").read_bytes(), "dockerfile.json")
    plan = replace(plan, requirements=tuple(_merged(plan)))
    files = today(folder)
    for name in [name for name in files if name.startswith("requirements")]:
        del files[name]
    for group in plan.requirements:
        files[group.file] = ("\n".join(group.lines) + "\n").encode()
    files["Dockerfile"] = render.dockerfile(dockerfile.build(plan)).encode()
    del files[".dockerignore"]
    return files


def _merged(plan: Plan) -> list[Requirements]:
    """Wheels of a folder in one run of pip, the large ones with the others."""
    wheels = [group for group in plan.requirements if group.place == "folder"]
    assert len(wheels) == len([group for group in plan.requirements if group.place != "installer"])
    first = wheels[0]
    return [
        *(
            replace(group, heavy=False, sizable=False)
            for group in plan.requirements
            if group.place == "installer"
        ),
        replace(
            first,
            file=ONE_FILE,
            heavy=False,
            sizable=False,
            lines=tuple(sorted(line for group in wheels for line in group.lines)),
            wheels=tuple(sorted(name for group in wheels for name in group.wheels)),
        ),
    ]


def by_hand(folder: Path, base: str, *, mounted: bool) -> Files:
    """What a person would write: torch in a layer of its own, then the rest."""
    files = {
        name: path
        for name, path in today(folder).items()
        if name.endswith(".whl") or name == "app.tar"
    }
    heavy = [name for name in files if name.startswith("torch-")]
    light = [name for name in files if name.endswith(".whl") and name not in heavy]
    text = (MOUNTED if mounted else BY_HAND).format(
        base=base, heavy=" ".join(heavy), light=" ".join(light)
    )
    written: Mapping[str, str] = {
        "Dockerfile": text,
        "torch.txt": _pinned(heavy),
        "requirements.txt": _pinned(light),
    }
    return {**files, **{name: content.encode() for name, content in written.items()}}


def _pinned(wheels: list[str]) -> str:
    return "".join(f"{name.split('-')[0]}=={name.split('-')[1]}\n" for name in sorted(wheels))
