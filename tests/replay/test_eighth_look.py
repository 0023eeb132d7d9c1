"""What another look at scripts that nobody had seen found."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from envsnap.replay.compare import printed
from envsnap.replay.esr.endings import Printed
from tests.conftest import Run
from tests.replay.conftest import Changed, SetOtherwise

HEAD = """
import torch
from torch import nn
torch.manual_seed(0)
"""
FORMS = """
class Items(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.out = nn.Embedding(40, 8), nn.Linear(8, 3)
    def forward(self, history, weight):
        return self.out((self.table(history) * weight[..., None]).sum(1))
wide = {}
history, weight = torch.zeros(2, wide, dtype=torch.long), torch.zeros(2, wide)
history[0, :3], weight[0, :3] = torch.tensor([5, 6, 7]), 0.3
history[1, :2], weight[1, :2] = torch.tensor([8, {}]), 0.5
print(Items().eval()(history, weight).argmax(1).tolist())
"""
JOINED = """
class Graphs(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(4, 2)
    def forward(self, x, adjacency, of):
        sums = torch.zeros(int(of.max()) + 1, 4).index_add(0, of, adjacency @ x)
        return self.out(sums)
graphs = [torch.arange(4.0 * size).reshape(size, 4) / 9 for size in (2, 3, 2, 4)]
model, found = Graphs().eval(), []
for at in range(0, 4, {}):
    part = graphs[at:at + {}]
    of = torch.cat([torch.full((len(one),), place) for place, one in enumerate(part)])
    adjacency = torch.block_diag(*[torch.ones(len(one), len(one)) for one in part])
    found += model(torch.cat(part), adjacency, of).argmax(1).tolist()
print(found)
"""
KEPT = """
import sys
model = nn.Linear(3, 2)
torch.save({"model": model.state_dict(), "scale": float(sys.argv[1])}, "all.pt")
"""
USED = """
kept = torch.load("all.pt")
model = nn.Linear(3, 2)
model.load_state_dict(kept["model"])
print((model(torch.ones(1, 3)) * kept["scale"]).tolist())
"""
ROWS = """
class Anchored(nn.Module):
    def __init__(self):
        super().__init__()
        self.anchors, self.names = {}, [["a", "b"], ["c"]]
        self.out = nn.Linear(3, 2)
    def forward(self, x):
        return self.out(x) * self.anchors[0][0]
print(Anchored()(torch.ones(1, 3)).tolist())
"""
SILENT_MASK = """
class Intent(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.out = nn.Embedding(40, 8), nn.Linear(8, 3)
    def forward(self, ids):
        kept = (ids != 0)[..., None]
        return self.out((self.table(ids) * kept).sum(1) / kept.sum(1))
model = Intent().eval()
texts = [[3, 4, 5], [6, 7], [8, 9, 10, 11, 12], [13], [14, 15, 16, 17], [18, 19]]
found = model(torch.tensor([[1, 2]])).argmax(1).tolist()
for at in range(0, 6, {}):
    rows = texts[at:at + {}]
    found += model(torch.tensor([row + [0] * (5 - len(row)) for row in rows])).argmax(1).tolist()
print(found)
"""
HEADS = """
import json
class Heads(nn.Module):
    def __init__(self, heads):
        super().__init__()
        self.heads, self.head_dim = heads, 8 // heads
        self.out = nn.Linear(8, 2)
    def forward(self, x):
        return self.out(x.view(-1, self.heads, self.head_dim).cumsum(1).reshape(-1, 8))
heads = json.load(open("heads.json"))["heads"]
print(Heads(heads)(torch.arange(8.0)[None] / 8).tolist())
"""
Compare = Callable[..., str]


@pytest.fixture
def compared(rerun: Changed) -> Compare:
    """Record a script below the head, and say what the changed one is told."""
    return partial(rerun, HEAD)


def test_another_form_that_gives_the_same(compared: Compare) -> None:
    told = compared(FORMS.format(4, 9), FORMS.format(6, 9), 0)
    assert "is given another form and gives the same: history: " in told
    assert "Diverged" in compared(FORMS.format(4, 9), FORMS.format(6, 10), 1)


def test_graphs_that_are_joined_otherwise(compared: Compare) -> None:
    told = compared(JOINED.format(2, 2), JOINED.format(4, 4), 0)
    assert (
        "Graphs is given another batch, shape [5, 4] -> [11, 4]; all results of the run are the same"
        in told
    )
    other = JOINED.replace("/ 9", "/ (9 if size < 4 else 8)")
    assert "Diverged" in compared(JOINED.format(2, 2), other.format(4, 4), 1)


def test_settings_that_are_rows_of_rows(compared: Compare) -> None:
    told = compared(ROWS.format([(10, 13), (16, 30)]), ROWS.format([(12, 13), (16, 30)]), 1)
    assert "Anchored.anchors [[10, 13], [16, 30]] -> [[12, 13], [16, 30]]" in told


def test_a_setting_that_nobody_sets_is_not_asked_for(set_otherwise: SetOtherwise) -> None:
    told = set_otherwise(HEAD + HEADS, "heads.json", '{"heads": 4}', '{"heads": 2}')
    assert "a setting differs: Heads.heads 4 -> 2, Heads.head_dim 2 -> 4" in told
    assert "heads.json: heads 4 -> 2" in told
    assert (
        "Fix: Set heads=4 of Heads, or record again if this is intended. Use the golden run's heads.json."
        in told
    )


def test_rows_that_the_model_masks_by_itself(compared: Compare) -> None:
    told = compared(SILENT_MASK.format(2, 2), SILENT_MASK.format(3, 3), 0)
    assert "all rows of the run are the same" in told
    other = SILENT_MASK.replace("[13]", "[23]")
    assert "all rows" not in compared(SILENT_MASK.format(2, 2), other.format(3, 3), 1)


ASKED = """
import importlib.util
importlib.util.find_spec("torch")
import torch
print(torch.nn.Linear(3, 3)(torch.ones(1, 3)).shape)
"""
PADDED = """
import torch
torch.manual_seed(0)
layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
model = torch.nn.TransformerEncoder(layer, 1).eval()
with torch.no_grad():
    out = model(torch.arange(48.0).reshape(2, 3, 8) / {}, src_key_padding_mask=torch.tensor([[False, False, True], [False] * 3]))
print(out.shape)
"""


def test_torch_is_found_before_it_is_imported(
    envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    (tmp_path / "it.py").write_text(ASKED)
    done = envsnap("record", "-o", "golden.esr", "--", torch_python, "it.py")
    assert done.returncode == 0, done.stderr
    assert "1 call" in done.stderr


def test_the_fast_path_of_an_encoder_is_compared(rerun: Changed) -> None:
    assert "Same" in rerun("", PADDED.format(48), PADDED.format(48), 0)
    assert "Diverged" in rerun("", PADDED.format(48), PADDED.format(40), 1)


def test_a_file_of_weights_beside_equal_weights(
    envsnap: Run, torch_python: str, tmp_path: Path
) -> None:
    (tmp_path / "make.py").write_text(HEAD + KEPT)
    (tmp_path / "it.py").write_text(HEAD + USED)
    subprocess.run([torch_python, "make.py", "1.5"], cwd=tmp_path, check=True)
    assert envsnap("record", "-o", "golden.esr", "--", torch_python, "it.py").returncode == 0
    subprocess.run([torch_python, "make.py", "2.5"], cwd=tmp_path, check=True)
    done = envsnap("compare", "golden.esr", "--", torch_python, "it.py")
    told = " ".join(done.stdout.split())
    assert done.returncode == 1
    assert "another content of all.pt" in told


def test_a_line_that_only_tells_a_time_is_no_answer() -> None:
    def lines(*texts: str) -> Printed:
        return Printed(lines=texts, size=9, sha256=str(texts), whole=True)

    one, two = lines("cat 1"), lines("generation took %time", "cat 1")
    assert printed.compare(one, two, rounding=False).state == "same"
    assert printed.compare(one, lines("dog took %time", "cat 2"), rounding=False).state == "differs"
    both = lines("cat took %time"), lines("dog took %time")
    assert printed.compare(*both, rounding=False).state == "differs"
    assert (
        printed.compare(one, lines("took 3 of %time", "cat 1"), rounding=False).state == "differs"
    )
