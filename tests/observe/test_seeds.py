"""Seeds as set, and generators that were never seeded, in real numpy and torch."""

from __future__ import annotations

from typing import Any

import pytest

from envsnap.observe import seeding
from envsnap.observe.journals import Process


def test_who_set_which_seed_where(run, torch_python: str) -> None:
    found = run(
        "import random\n"
        "import numpy as np\n"
        "import torch\n"
        "from torch import manual_seed\n"
        "manual_seed(3)\n"
        "torch.cuda.manual_seed_all(4)\n"
        "np.random.seed(5)\n"
        "g = np.random.default_rng(6); np.random.default_rng()\n"
        "random.seed(7); random.seed('a secret')\n"
        "torch.use_deterministic_algorithms(True)\n"
        "torch.backends.cudnn.deterministic = True\n"
        "for seed in (1, 2, 1): torch.manual_seed(seed)\n",
        python=torch_python,
    )
    assert found.code == 0, found.stderr
    assert found.values("torch.manual_seed") == ["3", "1", "2"]
    assert found.values("torch.cuda.manual_seed_all") == ["4"]
    assert found.values("numpy.random.seed") == ["5"]
    assert found.values("numpy.random.default_rng") == ["6", "from the system"]
    assert found.values("random.seed") == ["7", "str"]
    assert found.values("torch.use_deterministic_algorithms") == ["true"]
    calls = found.sections["seeds"]["calls"]
    assert calls["torch.manual_seed"]["places"] == ["script.py:5", "script.py:12"]
    assert calls["numpy.random.seed"]["places"] == ["script.py:7"]
    assert found.sections["seeds"]["torch_initial_seed"] == "1"
    assert set(found.sections["seeds"]["rng"]) == {"random", "numpy", "torch"}
    assert found.sections["determinism"]["deterministic_algorithms"] is True
    assert found.sections["determinism"]["cudnn_deterministic"] is True
    assert found.sections["seeds"]["complete"] is True


def test_never_seeded_is_told_from_not_used(run, torch_python: str) -> None:
    found = run(
        "import random, numpy as np, torch\nrandom.random(); torch.rand(1); np.random\n",
        python=torch_python,
    )
    assert found.sections["seeds"]["generators"] == {
        "random": {"seeded": False, "drawn": True},
        "numpy": {"seeded": False, "drawn": False},
        "torch": {"seeded": False, "drawn": True},
    }
    assert found.sections["seeds"].get("rng", {}) == {}
    assert "torch_initial_seed" not in found.sections["seeds"]
    assert "never seeded" in found.sections["seeds"]["gaps"]["rng.torch"]


def test_the_place_is_the_script_s_not_the_library_s(run, tmp_path) -> None:
    package = tmp_path / "site-packages"
    package.mkdir()
    (package / "helper.py").write_text("import random\ndef set_seed(n):\n    random.seed(n)\n")
    found = run("import helper\n\nhelper.set_seed(8)\n", env={"PYTHONPATH": str(package)})
    assert found.sections["seeds"]["calls"]["random.seed"] == {
        "values": ["8"],
        "places": ["script.py:3"],
    }


def test_the_numbers_are_the_same(run, torch_python: str) -> None:
    import subprocess

    script = (
        "import random, numpy as np, torch, inspect, pickle\n"
        "random.seed(1); np.random.seed(2); torch.manual_seed(3)\n"
        "print(random.random(), np.random.rand(2), torch.rand(2), np.random.default_rng(4).random())\n"
        "print(inspect.signature(torch.manual_seed), torch.manual_seed.__name__)\n"
        "assert pickle.loads(pickle.dumps(torch.manual_seed)) is torch.manual_seed\n"
        "try: np.random.seed(-1)\n"
        "except ValueError as error: print(error)\n"
    )
    alone = subprocess.run(
        [torch_python, "-c", script], capture_output=True, text=True, check=False
    )
    found = run(script, python=torch_python)
    assert (found.code, found.stdout) == (0, alone.stdout)


def test_what_torch_puts_back_is_no_seed(run, torch_python: str) -> None:
    """Compiling and forking a generator set states aside; loaders of data do seed."""
    found = run(
        "import random, torch\n"
        "f = torch.compile(lambda x: x * 2, backend='eager')\n"
        "f(torch.ones(1)); random.random()\n"
        "with torch.random.fork_rng(): torch.rand(1)\n"
        "class Data(torch.utils.data.Dataset):\n"
        "    __len__ = lambda self: 2\n"
        "    __getitem__ = lambda self, n: n\n"
        "list(torch.utils.data.DataLoader(Data(), num_workers=1))\n",
        python=torch_python,
    )
    assert found.code == 0, found.stderr
    generators = found.sections["seeds"]["generators"]
    assert generators["random"] == generators["torch"] == {"seeded": False, "drawn": True}
    functions = set(found.sections["seeds"]["calls"])
    assert {name.partition("@")[0] for name in functions} >= {"torch.manual_seed", "random.seed"}
    assert all("@" in name for name in functions)


@pytest.mark.parametrize("seeded", [True, False])
def test_check_says_what_was_never_seeded(seeded: bool, run, envsnap, tmp_path) -> None:
    run("import random\n" + "random.seed(1)\n" * seeded + "random.random()\n")
    done = envsnap("check", tmp_path / "run.json", "--format", "json")
    assert ("random was drawn from and never seeded" in done.stdout) is not seeded
    assert done.returncode == 0


def test_which_child_begins_first_is_no_difference() -> None:
    """Nor is whether a helper of Python's begins before them."""

    def child(seed: str | None) -> Process:
        seeds = [("random.seed", seed, "run.py:3")] if seed else []
        return Process(folder="", seeds=seeds, generators={"random": "seeded" if seed else "untouched"})  # fmt: skip

    found = []
    for order in (["1", "2", None], [None, "2", "1"], ["2", None, "1"]):
        sections: dict[str, Any] = {}
        seeding.add(sections, [child("7"), *map(child, order)], complete=True)
        found.append(sections["seeds"]["facts"])
    assert found[0] == found[1] == found[2]
    assert found[0]["calls"]["random.seed@1"]["values"] == ["1"]
