"""LD_LIBRARY_PATH, or a system's CUDA, can come before the libraries that wheels bring."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envsnap.knowledge.versions import numbers
from envsnap.model.manifest import Manifest
from envsnap.model.reading import frameworks, is_captured, packages, stated, variable
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

CUDA_FOLDER = re.compile(
    r"(?:.*/)?(?:cuda(?:-(\d+\.\d+))?|cudnn[\w.-]*|nccl[\w.-]*|tensorrt[\w.-]*)/(?!extras/|compat|.*stubs).*",
    re.IGNORECASE,
)
HARMLESS = re.compile(r"/usr/local/nvidia/lib(?:64)?|/usr/lib/wsl/lib|.*/(?:site|dist)-packages/.*")
BUNDLED = ("nvidia-cublas-", "nvidia-cudnn-", "nvidia-cuda-runtime-")


class LibraryPath(Rule):
    """CUDA libraries of the system are found before those that the wheels bring.

    Wheels of torch, JAX and TensorFlow bring their CUDA libraries. What is linked with an RPATH
    is found beside the wheel. What has a RUNPATH is looked for in LD_LIBRARY_PATH first; so is
    what is opened by name at run time (parts of cuDNN, nvJitLink). Folders of another toolkit or
    cuDNN there lead to "undefined symbol", to "version incompatibility", or quietly to other
    kernels. Folders of the CUDA release that the framework is built for are reported as info.

    Fix: unset LD_LIBRARY_PATH, or take the CUDA folders out of it.
    """

    id = "library-path"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield at most one finding."""
        bundled = sorted(name for name in packages(manifest) if name.startswith(BUNDLED))
        if not bundled:
            return
        searched = variable(manifest, "LD_LIBRARY_PATH") or ""
        folders = [
            folder
            for folder in searched.split(":")
            if CUDA_FOLDER.fullmatch(f"{folder.rstrip('/')}/") and not HARMLESS.fullmatch(folder)
        ]
        if folders:
            yield self._finding(
                ("env_vars", "LD_LIBRARY_PATH"),
                f"LD_LIBRARY_PATH has {folders[0][:80]} beside the wheels' CUDA libraries",
                folders,
                severity=Severity.INFO if _same_release(manifest, folders) else Severity.WARNING,
            )
            return
        yield from self._older_toolkit(manifest, bundled[0])

    def _older_toolkit(self, manifest: Manifest, name: str) -> Iterator[Finding]:
        """An older toolkit of the same major release, where the library path is not known."""
        toolkit = stated(manifest, "cuda", "toolkit")
        torch = frameworks(manifest).get("torch")
        built = torch.cuda if torch is not None else None
        asked = is_captured(manifest, "env_vars")
        if not isinstance(toolkit, str) or not isinstance(built, str) or asked:
            return
        have, want = numbers(toolkit)[:2], numbers(built)[:2]
        if have and want and have[0] == want[0] and have < want:
            yield self._finding(
                ("cuda", "toolkit"),
                f"CUDA toolkit {toolkit} is older than the wheels' CUDA {built} and has libraries of the same names",
                toolkit,
                name,
            )

    def _finding(
        self,
        path: tuple[str, ...],
        message: str,
        other: object,
        name: str = "",
        severity: Severity = Severity.WARNING,
    ) -> Finding:
        return Finding(
            rule=self.id,
            severity=severity,
            effect=Effect.CRASH,
            confidence=Confidence.POSSIBLE,
            path=path,
            message=message,
            why="What is looked for by name at run time is found there first: other symbols or kernels.",
            fix="Take the CUDA folders out of LD_LIBRARY_PATH.",
            source="pytorch/pytorch#103832, #134929; jax docs/installation.md",
            cites=(("packages", name),) if name else (),
        )


def _same_release(manifest: Manifest, folders: list[str]) -> bool:
    """Whether the folders are of the CUDA release that torch is built for."""
    torch = frameworks(manifest).get("torch")
    toolkit = stated(manifest, "cuda", "toolkit")
    if torch is None or not isinstance(torch.cuda, str):
        return False
    for folder in folders:
        match = CUDA_FOLDER.fullmatch(f"{folder.rstrip('/')}/")
        release = (match and match[1]) or toolkit
        if not isinstance(release, str) or numbers(release)[:2] != numbers(torch.cuda)[:2]:
            return False
    return True
