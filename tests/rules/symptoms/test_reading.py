"""A failure's text becomes evidence: by whole texts as systems print them, and by hostile ones."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envsnap.knowledge.tables import table
from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as spelled
from envsnap.rules import engine
from envsnap.rules.finding import Finding, Severity
from envsnap.rules.symptoms.places import places
from envsnap.rules.symptoms.reading import read
from tests import examples
from tests.conftest import lacking

GRAMMAR = Path(__file__).parents[3].parent / "shared" / "facts" / "failure_grammar.json"
CALLED = """Traceback (most recent call last):
  File "/srv/app/train.py", line 7, in <module>
    trainer = SFTTrainer(model=model)
  File "/env/lib/python3.11/site-packages/trl/trainer/sft_trainer.py", line 210, in __init__
    super().__init__(model=model, tokenizer=tokenizer)
  File "/env/lib/python3.11/site-packages/transformers/trainer.py", line 401, in wrapped
    return func(*args, **kwargs)
TypeError: Trainer.__init__() got an unexpected keyword argument 'tokenizer'
"""


def of(**versions: str) -> Manifest:
    """A manifest of packages."""
    named = {name.replace("_", "-"): version for name, version in versions.items()}
    return examples.manifest({"packages": examples.packages(**named)})


def first(text: str, manifest: Manifest) -> Finding:
    """What is said first of a text."""
    return engine.inspect(manifest, error_text=text).findings[0]


def told(text: str, reference: Manifest, other: Manifest) -> list[str]:
    """The paths of what counts, in order."""
    found = engine.compare(reference, other, error_text=text).findings
    return [spelled(item.path) for item in found if item.severity is not Severity.INFO]


def test_who_called_whom_is_read_from_a_traceback() -> None:
    manifest = of(trl="0.11.0", transformers="5.0.0")
    (evidence, *_) = read(CALLED).evidence
    names = places(evidence, manifest).names
    assert (names["caller"], names["earlier"]) == ("transformers", "trl")
    assert [frame.name for frame in evidence.raised.frames] == ["<module>", "__init__", "wrapped"]


def test_of_caller_and_callee_the_one_that_changed_leads() -> None:
    older = of(trl="0.11.0", transformers="4.57.1", numpy="1.26.4")
    newer = of(trl="0.11.0", transformers="5.0.0", numpy="2.1.0")
    assert told(CALLED, older, newer)[0] == "packages.transformers.version"
    moved = of(trl="0.29.0", transformers="4.57.1", numpy="2.1.0")
    assert told(CALLED, older, moved)[0] == "packages.trl.version"


def test_a_patch_difference_is_raised_by_the_line_that_names_it() -> None:
    text = (
        "ImportError: cannot import name 'thing' from 'accelerate.utils'"
        " (/env/lib/python3.11/site-packages/accelerate/utils/__init__.py)"
    )
    found = engine.compare(of(accelerate="1.6.0"), of(accelerate="1.6.1"), error_text=text).findings
    assert found[0].path == ("packages", "accelerate", "version")
    assert found[0].severity is Severity.WARNING
    assert "cannot import name 'thing'" in found[0].why
    assert "line 1" in found[0].why


def test_a_symbol_in_a_library_is_not_blamed_on_what_lies_beside_it() -> None:
    symbol = "_ZN3c105ErrorC2ENS_14SourceLocationENSt7__cxx1112basic_stringIcE"
    text = f"ImportError: /env/site-packages/flash_attn_2_cuda.cpython-311-x86_64-linux-gnu.so: undefined symbol: {symbol}"
    manifest = of(flash_attn="2.8.0.post2", torch="2.6.0", vllm="0.9.2")
    found = first(text, manifest)
    assert found.path[1] == "flash-attn"
    assert "c10::Error::Error" in found.why
    assert symbol not in found.why


def test_a_path_in_the_last_line_decides_and_not_the_word_before_it() -> None:
    text = (
        "[rank1]: torch.distributed.DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:77,"
        " unhandled system error, NCCL version 2.21.5\n"
        "[rank1]: Last error:\n"
        "[rank1]: Error while creating shared memory segment /dev/shm/nccl-a1b2c3 (size 9637888)"
    )
    manifest = examples.manifest(
        {"system": {"shm_size": 64 << 20}, "packages": examples.packages(torch="2.5.1")}
    )
    assert first(text, manifest).path == ("system", "shm_size")


def test_an_old_python_does_not_say_where_a_name_is_missing_and_the_line_does() -> None:
    text = (
        '  File "/env/lib/python3.6/site-packages/imblearn/utils/_sklearn_compat.py", line 256\n'
        "    from sklearn.utils.validation import _is_pandas_df, check_array\n"
        "ImportError: cannot import name '_is_pandas_df'\n"
    )
    found = first(text, of(scikit_learn="1.8.0", imbalanced_learn="0.14.0"))
    assert found.path == ("packages", "scikit-learn")
    other = text.replace("import _is_pandas_df, check_array", "import check_array")
    assert "sklearn" not in str([item.groups.get("module") for item in read(other).evidence])


def test_a_wrapper_is_unwrapped() -> None:
    text = (
        "RuntimeError: Failed to import transformers.models.llama.modeling_llama because of the"
        " following error (look up to see its traceback):\n"
        "/env/site-packages/flash_attn_2_cuda.so: undefined symbol: _ZN3c104cuda9SetDeviceEi\n"
        "RuntimeError: Engine core initialization failed. See root cause above."
    )
    found = first(text, of(transformers="4.40.0", flash_attn="2.5.0", torch="2.3.0"))
    assert found.path[1] in ("flash-attn", "torch")
    assert "wrapper" not in {item.row["topic"] for item in read(text).evidence}


@pytest.mark.parametrize(
    ("prefix", "after"),
    [
        ("", ""),
        ("2026-11-27 10:00:00,123 - worker - ", ""),
        ("[rank3]: ", ""),
        ("(VllmWorker rank=2 pid=71) ", ""),
        ("(EngineCore_0 pid=71) ERROR 11-27 10:00:00 [core.py:396] ", ""),
        ("trainer-1  | ", ""),
        ("12: ", ""),
        ("[1,3]<stderr>: ", ""),
        ("\x1b[36m", "\x1b[0m"),
    ],
)
def test_prefixes_of_workers_loggers_and_terminals(prefix: str, after: str) -> None:
    text = "".join(f"{prefix}{line}{after}\n" for line in CALLED.splitlines())
    (evidence, *_) = read(text).evidence
    assert evidence.row["id"] == "py-keyword"
    assert evidence.raised is not None
    assert places(evidence, of(trl="1", transformers="5")).names["caller"] == "transformers"


def test_lines_of_other_workers_between_are_left_out() -> None:
    lines = [f"[rank0]: {line}" for line in CALLED.splitlines()]
    mixed = "\n".join(part for line in lines for part in (line, "[rank1]: step 1 loss 0.3"))
    raised = [item.raised for item in read(mixed).evidence if item.raised]
    assert len(raised[0].frames) == 3


def test_a_group_of_exceptions_and_a_chain() -> None:
    inner = "".join(f"  | {line}\n" for line in CALLED.splitlines())
    chain = CALLED + "\nDuring handling of the above exception, another exception occurred:\n\n"
    chain += 'Traceback (most recent call last):\n  File "/srv/app/x.py", line 1, in f\n    raise Y\nValueError: no\n'
    for text in (f"  + Exception Group Traceback (most recent call last):\n{inner}", chain):
        assert "py-keyword" in [item.row["id"] for item in read(text).evidence]


def test_a_cut_traceback_is_read_as_far_as_it_goes() -> None:
    manifest = of(trl="0.11.0", transformers="5.0.0")
    for lines in (CALLED.splitlines()[3:], CALLED.splitlines()[-1:]):
        (evidence, *_) = read("\n".join(lines)).evidence
        assert evidence.row["id"] == "py-keyword"
    cut = "\n".join(CALLED.splitlines()[:-1])
    (evidence, *_) = read(cut).evidence
    assert places(evidence, manifest).names["caller"] == "transformers"


def test_several_causes_in_one_text_are_all_told() -> None:
    text = (
        CALLED
        + "OSError: [Errno 24] Too many open files\nlibGL.so.1: cannot open shared object file\n"
    )
    manifest = of(trl="0.11.0", transformers="5.0.0", opencv_python="4.8.0")
    found = engine.inspect(manifest, error_text=text).findings
    assert {"packages.opencv-python", "system.open_files_limit"} <= {
        spelled(item.path) for item in found
    }


@pytest.mark.parametrize(
    "text",
    [
        "E0000 cuda_dnn.cc:8310] Unable to register cuDNN factory: Attempting to register factory",
        "FutureWarning: `resume_download` is deprecated and will be removed",
        "Some weights of BertModel were not initialized from the model checkpoint",
        "Exception ignored in: <function A.__del__ at 0x7f>",
        "RuntimeWarning: numpy.ufunc size changed, may indicate binary incompatibility.",
    ],
)
def test_a_harmless_notice_stays_a_hint(text: str) -> None:
    manifest = of(numpy="1.26.4", transformers="4.57.1", tensorflow="2.17.0")
    found = engine.inspect(manifest, error_text=text).findings
    assert {item.severity for item in found} <= {Severity.INFO}


def test_a_text_of_a_slow_run_puts_what_makes_slow_before_python() -> None:
    reference = examples.manifest(
        {
            "python": {"version": "3.10.4"},
            "env_vars": {"entries": {"VLLM_ATTENTION_BACKEND": "FLASHINFER"}},
            "driver": {"version": "550.54.15"},
            "packages": examples.packages(jinja2="3.1.0"),
        }
    )
    other = examples.manifest(
        {
            "python": {"version": "3.11.4"},
            "env_vars": {"entries": {"VLLM_ATTENTION_BACKEND": "TORCH_SDPA"}},
            "driver": {"version": "535.54.03"},
            "packages": examples.packages(jinja2="4.0.0"),
        }
    )
    found = engine.compare(reference, other, symptom="slower").findings
    order = [spelled(item.path) for item in found]
    assert order.index("driver.version") < order.index("python.version")
    assert order.index("driver.version") < order.index("packages.jinja2.version")


def test_what_would_have_ended_a_run_is_less_likely_where_it_only_ran_wrong() -> None:
    reference, other = (
        of(peft="0.17.0", transformers="4.57.1", pillow="8.4.0"),
        of(peft="0.17.0", transformers="5.1.0", pillow="9.0.1"),
    )
    crashed = told("Traceback (most recent call last): ImportError", reference, other)
    assert crashed[0] == "packages.transformers.version"
    assert told("outputs differ silently: 0.31 instead of 0.78", reference, other)[0] != crashed[0]


def test_every_kind_of_sentence_that_was_gathered_says_something() -> None:
    if not GRAMMAR.is_file():
        lacking("the gathered sentences are not here")
    kinds = json.loads(GRAMMAR.read_text())["kinds"]
    silent = [kind["id"] for kind in kinds if not read(kind["example"]).evidence]
    assert len(silent) / len(kinds) < 0.1, silent


def test_words_stand_in_every_match() -> None:
    """A row whose pattern can match without its words would never be tried there."""
    for name in ("failure_signatures", "failure_sentences", "harmless_sentences"):
        for row in table(name)["rows"]:
            assert row["words"], row["id"]
            assert all(len(word) >= 4 for word in row["words"]), row["id"]


@given(st.text(max_size=300), st.integers(0, 2**32))
def test_any_text_is_read(noise: str, seed: int) -> None:
    draw = random.Random(seed)
    lines = [*CALLED.splitlines(), *noise.split("\n")]
    draw.shuffle(lines)
    manifest = of(trl="0.11.0", transformers="5.0.0")
    for item in engine.inspect(manifest, error_text="\n".join(lines)).findings:
        assert "\n" not in item.message + item.why + item.fix
        assert len(item.message) < 400
