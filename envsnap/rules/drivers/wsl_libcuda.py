"""On WSL the driver's libcuda is not found first."""

from __future__ import annotations

from collections.abc import Iterator

from envsnap.model.manifest import Manifest
from envsnap.model.reading import stated, variable
from envsnap.rules.finding import Confidence, Effect, Finding, Severity
from envsnap.rules.rule import Rule

FOLDER = "/usr/lib/wsl/lib"


class WslLibcuda(Rule):
    """On WSL another libcuda is found before the one that Windows brings.

    Under WSL the driver's libraries lie in /usr/lib/wsl/lib. A driver installed inside Linux, or
    a library path without that folder, gives a libcuda that knows no GPU.

    Fix: remove Linux driver packages inside WSL, and put /usr/lib/wsl/lib first.
    """

    id = "wsl-libcuda"

    def inspect(self, manifest: Manifest) -> Iterator[Finding]:
        """Yield at most one finding."""
        described = (
            f"{stated(manifest, 'system', 'kernel')} {stated(manifest, 'system', 'os')}".lower()
        )
        if "microsoft" not in described and "wsl" not in described:
            return
        found = stated(manifest, "driver", "libcuda_path")
        searched = variable(manifest, "LD_LIBRARY_PATH")
        if isinstance(found, str):
            wrong, path = FOLDER not in found, ("driver", "libcuda_path")
        else:
            wrong = bool(searched) and FOLDER not in (searched or "")
            path = ("env_vars", "LD_LIBRARY_PATH")
        if wrong:
            yield Finding(
                rule=self.id,
                severity=Severity.WARNING,
                effect=Effect.CRASH,
                confidence=Confidence.LIKELY if isinstance(found, str) else Confidence.POSSIBLE,
                path=path,
                message=f"WSL's libcuda ({FOLDER}) is not what is found first",
                why="Another libcuda does not reach the GPU of the Windows driver.",
                fix=f"Remove Linux driver packages inside WSL, and put {FOLDER} first.",
                source="numba/numba#7104",
                cites=(("system", "kernel"),),
            )
