"""NVIDIA facts without an NVIDIA GPU.

FAKE: there is no GPU here, so a small libnvidia-ml.so built from C answers for one. It stands
for the library, not for a driver: what a real one answers is only known on a real machine.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from envsnap.intake import reader
from envsnap.probe.collectors import driver
from tests.conftest import Run, lacking

FAKE_NVML = r"""
/* FAKE NVML: answers for two invented cards, the second without most features. */
#include <string.h>
#include <stdio.h>
typedef int R;
#define OK 0
#define UNSUPPORTED 3
#define DENIED 4
static char one, two;
static R copy(char *to, unsigned n, const char *text) { snprintf(to, n, "%s", text); return OK; }
R nvmlInitWithFlags(unsigned f) { return OK; }
R nvmlInit_v2(void) { return OK; }
R nvmlShutdown(void) { return OK; }
const char *nvmlErrorString(R r) { return r == DENIED ? "Insufficient Permissions" : "Not Supported"; }
R nvmlSystemGetDriverVersion(char *to, unsigned n) { return copy(to, n, "550.54.15"); }
R nvmlSystemGetNVMLVersion(char *to, unsigned n) { return copy(to, n, "12.550.54.15"); }
R nvmlSystemGetCudaDriverVersion_v2(int *v) { *v = 12040; return OK; }
R nvmlDeviceGetCount_v2(unsigned *n) { *n = 2; return OK; }
R nvmlDeviceGetHandleByIndex_v2(unsigned i, void **d) { *d = i ? (void *)&two : (void *)&one; return OK; }
R nvmlDeviceGetName(void *d, char *to, unsigned n) { return copy(to, n, d == &one ? "FAKE A100" : "FAKE T4"); }
R nvmlDeviceGetCudaComputeCapability(void *d, int *a, int *b) { *a = d == &one ? 8 : 7; *b = d == &one ? 0 : 5; return OK; }
R nvmlDeviceGetVbiosVersion(void *d, char *to, unsigned n) { return d == &one ? copy(to, n, "92.00.45.00.03") : UNSUPPORTED; }
R nvmlDeviceGetEccMode(void *d, unsigned *now, unsigned *then) { *now = *then = 1; return d == &one ? OK : UNSUPPORTED; }
R nvmlDeviceGetUUID(void *d, char *to, unsigned n) { return copy(to, n, "GPU-FAKE-0001"); }
R nvmlDeviceGetSerial(void *d, char *to, unsigned n) { return DENIED; }
R nvmlDeviceGetPowerManagementLimit(void *d, unsigned *v) { *v = 400000; return d == &one ? OK : DENIED; }
"""
HANGING_NVML = r"""
/* FAKE NVML that never returns and leaves a grandchild, in a session of its own, with our pipes. */
#include <unistd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
static void hang(void) {
  int child = fork();
  if (child == 0) { setsid(); for (;;) sleep(600); }
  FILE *pids = fopen(getenv("FAKE_NVML_PIDS"), "a");
  fprintf(pids, "%d\n", child);
  fclose(pids);
  sigset_t all; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, 0);
  for (;;) sleep(600);
}
int nvmlInitWithFlags(unsigned f) { hang(); return 0; }
int nvmlInit_v2(void) { hang(); return 0; }
"""


def built(source: str, folder: Path) -> Path:
    """Compile a library under NVML's name."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        lacking("no C compiler to build the fake NVML")
    folder.mkdir()
    (folder / "fake.c").write_text(source)
    subprocess.run(
        [
            compiler,
            "-shared",
            "-fPIC",
            "-o",
            str(folder / "libnvidia-ml.so.1"),
            str(folder / "fake.c"),
        ],
        check=True,
        capture_output=True,
    )
    return folder


def test_two_cards_of_a_fake_nvml(envsnap: Run, tmp_path: Path) -> None:
    library = built(FAKE_NVML, tmp_path / "lib")
    done = envsnap(
        "capture",
        "--python",
        sys.executable,
        "--no-import",
        "-o",
        "it.json",
        env={"LD_LIBRARY_PATH": str(library)},
    )
    assert done.returncode == 0, done.stderr
    sections = reader.load(str(tmp_path / "it.json")).manifest.sections
    one, two = sections.gpus.entries["0"], sections.gpus.entries["1"]
    assert (one.name, one.compute_capability, one.vbios, one.ecc) == (
        "FAKE A100",
        "8.0",
        "92.00.45.00.03",
        True,
    )
    assert (two.name, two.compute_capability, two.vbios, two.ecc) == ("FAKE T4", "7.5", None, None)
    assert one.power_limit_mw == 400000
    assert sections.gpus.gaps["[1].power_limit_mw"].startswith("denied")
    assert sections.gpus.gaps["[0].memory_total"].startswith("error")
    assert sections.driver.version == "550.54.15"
    assert sections.cuda.driver == "12.4"
    assert sections.identity.gpus["0"].uuid == "GPU-FAKE-0001"
    text = (tmp_path / "it.json").read_text()
    assert text.index("GPU-FAKE-0001") > text.index('"identity"')


def test_a_query_that_never_returns(envsnap: Run, tmp_path: Path) -> None:
    library = built(HANGING_NVML, tmp_path / "lib")
    smi = tmp_path / "bin" / "nvidia-smi"
    smi.parent.mkdir()
    smi.write_text("#!/bin/sh\nsetsid sleep 600 &\nsleep 600\n")
    smi.chmod(0o755)
    started = time.monotonic()
    done = envsnap(
        "capture",
        "--python",
        sys.executable,
        "--no-import",
        "--deadline",
        "4",
        "-o",
        "it.json",
        env={
            "LD_LIBRARY_PATH": str(library),
            "PATH": f"{smi.parent}:/usr/bin:/bin",
            "FAKE_NVML_PIDS": str(tmp_path / "pids"),
        },
        timeout=60,
    )
    took = time.monotonic() - started
    grandchildren = [int(line) for line in (tmp_path / "pids").read_text().split()]
    assert grandchildren
    for pid in grandchildren:
        with contextlib.suppress(ProcessLookupError):  # a capture ends what it finds that was left
            os.kill(pid, signal.SIGKILL)
    assert done.returncode == 0, done.stderr
    # Not a measure of speed: without the deadline this would take ten minutes.
    assert took < 50
    sections = reader.load(str(tmp_path / "it.json")).manifest.sections
    assert sections.gpus.gaps["entries"].startswith("timeout")
    assert sections.cuda.gaps["driver"].startswith("timeout")
    assert sections.packages.entries
    left = envsnap("diff", "it.json", "it.json")
    assert left.returncode == 0


def test_a_library_that_is_none(envsnap: Run, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libnvidia-ml.so.1").write_text("no library")
    done = envsnap(
        "capture",
        "--python",
        sys.executable,
        "--no-import",
        "-o",
        "it.json",
        env={"LD_LIBRARY_PATH": str(tmp_path / "lib")},
    )
    assert done.returncode == 0, done.stderr
    sections = reader.load(str(tmp_path / "it.json")).manifest.sections
    assert sections.gpus.gaps["entries"]
    assert sections.driver.gaps["nvml"]


def test_absence_of_gpus_is_a_fact(envsnap: Run, tmp_path: Path) -> None:
    assert envsnap("capture", "--no-import", "-o", "it.json").returncode == 0
    gpus = reader.load(str(tmp_path / "it.json")).manifest.sections.gpus
    assert gpus.complete
    assert bool(gpus.entries) is driver.is_present()
