"""A file pasted between sentences, without a fence: it is read where nothing else can be meant."""

from __future__ import annotations

import pytest

from envsnap.errors import InputError
from envsnap.intake import foreign
from tests.intake.test_format_cases import AROUND, NAMES, read, source, stated, wrong

BEFORE = "I have this here and it fails with torch\n\n"
AFTER = "\nThanks a lot for your help\n"
READ = {
    "freeze": "absl-py==2.1\nnumpy==1.26.4\ntorch==2.4.0\n",
    "os-release": 'NAME="Ubuntu"\nVERSION_ID="22.04"\nID=ubuntu\n',
    "sbatch": "#!/bin/bash\n#SBATCH --gpus=2\nexport NCCL_DEBUG=INFO\nsrun python x.py\n",
    "Dockerfile": "FROM a:1\nENV A=1\n",
}
REFUSED = {
    "an error": "RuntimeError\n",
    "two errors": "RuntimeError\nAssertionError\n",
    "settings": "CUDA=12.1\nTORCH=2.4\n",
    "half a sentence": "numpy==1.26.4 fails\ntorch==2.4 works\n",
    "two lists": "numpy==1.26.4\ntorch==2.4.0\n\nbut it works on my machine with\n\nnumpy==1.24.0\ntorch==2.3.0\n",
    "two Dockerfiles": "FROM a:1\nENV A=1\n\nThe other machine runs this one\n\nFROM b:2\nENV A=2\n",
    "two Compose files": "services:\n  a:\n    image: x:1\n\nOn the other host we have\n\nservices:\n  a:\n    image: x:2\n",
    "a program": "import torch\nx=torch.ones(2)\ny=x+1\n",
    "a shell": "export A=1\nexport B=2\npython x.py\n",
}


@pytest.mark.parametrize("name", READ)
def test_what_stands_between_sentences_is_read(name: str) -> None:
    document = foreign.load((BEFORE + READ[name] + AFTER).encode(), "in", "in.txt")
    assert "not read: the text around it" in document.notes[0]


@pytest.mark.parametrize("name", REFUSED)
def test_what_may_be_two_things_or_none_is_not(name: str) -> None:
    with pytest.raises(InputError):
        foreign.load((BEFORE + REFUSED[name] + AFTER).encode(), "in", "in.txt")


def test_a_list_that_somebody_copied_may_be_a_part_of_one() -> None:
    alone = foreign.load(READ["freeze"].encode(), "in", "in.txt").manifest.sections.packages
    copied = foreign.load((BEFORE + READ["freeze"] + AFTER).encode(), "in", "in.txt").manifest
    assert alone.names_complete is True  # type: ignore[union-attr]
    assert copied.sections.packages.names_complete is not True  # type: ignore[union-attr]


def test_most_facts_between_sentences_are_found() -> None:
    facts = missed = 0
    for name in NAMES:
        right, text = stated(name), AROUND["prose"](source(name).read_text())
        try:
            found = read(text.encode(), str(source(name)))
        except InputError:
            found = {}
        assert not wrong(found, right, other_bytes=True)
        facts += len(right)
        missed += sum(found.get(path, ...) != value for path, value in right.items())
    assert missed * 10 < facts


def test_a_remark_that_may_be_cut_takes_no_version_away() -> None:
    data = b"--index-url https://i.example.org\nnumpy==1.26.4\ntorch==2.4.0  # as on the clus"
    wanted = foreign.load(data, "requirements.txt", "requirements.txt").manifest.sections.wanted
    assert wanted.entries["torch"].version == "2.4.0"  # type: ignore[union-attr]
    cut = foreign.load(data.partition(b"  #")[0], "requirements.txt", "requirements.txt")
    assert "torch.version" in str(cut.manifest.sections.wanted.gaps)  # type: ignore[union-attr]
    whole = foreign.load(b"numpy==1.26.4\nscipy==1.13.1", "requirements.txt", "requirements.txt")
    assert whole.manifest.sections.wanted.entries["scipy"].version == "1.13.1"  # type: ignore[union-attr]
    ranged = foreign.load(b"numpy==1.26.4\nscipy~=1.13", "requirements.txt", "requirements.txt")
    assert "scipy.specifier" in str(ranged.manifest.sections.wanted.gaps)  # type: ignore[union-attr]
