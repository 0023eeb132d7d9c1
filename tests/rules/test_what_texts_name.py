"""What a text names is told of first: a version, a GPU, a variable, a key, what to install."""

from __future__ import annotations

import hashlib

import pytest

from envsnap.model.manifest import Manifest
from envsnap.model.paths import text as spelled
from envsnap.rules import engine
from envsnap.rules.finding import Finding, Severity
from tests import examples

RAISED = 'Traceback (most recent call last):\n  File "run.py", line 3, in <module>\n    main()\n'


def host(packages: dict[str, str] | None = None, **sections: object) -> Manifest:
    found = {**sections, "packages": examples.packages(**(packages or {}))}
    return examples.manifest(found)


def findings(
    here: Manifest, there: Manifest, error_text: str = "", symptom: str | None = None
) -> tuple[Finding, ...]:
    return engine.compare(here, there, error_text=error_text, symptom=symptom).findings


def first(
    here: Manifest, there: Manifest, error_text: str = "", symptom: str | None = None
) -> Finding:
    return findings(here, there, error_text, symptom)[0]


def test_of_two_findings_about_a_fact_the_one_that_says_what_the_line_says_is_first() -> None:
    said = (
        "Error Code 6: API Usage Error (The engine plan file is not compatible with this version of"
        " TensorRT, expecting library version 10.0.1.6 got 8.6.1.6)"
    )
    found = first(host({"tensorrt": "8.6.1.6"}), host({"tensorrt": "10.0.1"}), said)
    assert found.rule == "tensorrt-engine"


def test_an_argument_that_no_known_change_is_about_has_the_sentence_for_its_reason() -> None:
    said = RAISED + (
        "TypeError: LoraConfig.__init__() got an unexpected keyword argument 'corda_config'\n"
    )
    found = first(host({"peft": "0.15.1"}), host({"peft": "0.13.2"}), said)
    assert spelled(found.path) == "packages.peft.version"
    assert found.why.startswith("A function does not take corda_config")
    assert "0.15.1" in found.fix


def test_what_a_line_tells_to_install_stands_in_the_fix() -> None:
    said = RAISED + (
        "ValueError: Your currently installed version of Keras is Keras 3, but this is not yet"
        " supported in Transformers. Please install the backwards-compatible tf-keras package with"
        " `pip install tf-keras`.\n"
    )
    found = first(host({"keras": "2.15.0"}), host({"keras": "3.1.1"}), said)
    assert found.fix.endswith("The text suggests: pip install tf-keras.")


@pytest.mark.parametrize(
    ("one", "two", "said", "path"),
    [
        (
            {}, {"VLLM_PORT": "tcp://10.96.193.120:8000"},
            "ValueError: VLLM_PORT 'tcp://10.96.193.120:8000' appears to be a URI.", "env_vars.VLLM_PORT",
        ),
        (
            {}, {"MKL_THREADING_LAYER": "INTEL"},
            "Error: mkl-service + Intel(R) MKL: MKL_THREADING_LAYER=INTEL is incompatible with libgomp.so.1 library.",
            "env_vars.MKL_THREADING_LAYER",
        ),
    ],
)  # fmt: skip
def test_a_variable_that_the_text_names_has_its_line_and_its_own_fix(
    one: dict[str, str], two: dict[str, str], said: str, path: str
) -> None:
    here, there = host(env_vars={"entries": one}), host(env_vars={"entries": two})
    found = first(here, there, said)
    assert spelled(found.path) == path
    assert said[:40] in found.why
    assert "No rule knows" not in found.why
    assert found.fix == f"Unset {found.path[1]}."


def test_a_key_of_a_configuration_that_the_text_names_has_its_line() -> None:
    def config(length: int, name: str) -> dict[str, object]:
        tree = {"max_model_len": length, "served": name}
        return {"entries": {"engine.yaml": {"sha256": f"{length:064x}", "tree": tree}}}

    said = "ValueError: Try increasing `gpu_memory_utilization` or decreasing `max_model_len`."
    found = first(host(configs=config(8192, "a")), host(configs=config(131072, "b")), said)
    assert found.path[-1] == "max_model_len"
    assert said in found.why


def test_a_gpu_that_the_text_names_stands_before_their_number() -> None:
    def cards(name: str, number: int) -> dict[str, object]:
        card = {"name": name, "compute_capability": "8.6" if "A10" in name else "7.5"}
        return {"entries": {str(index): card for index in range(number)}}

    said = (
        "ValueError: Bfloat16 is only supported on GPUs with compute capability of at least 8.0."
        " Your Tesla T4 GPU has compute capability 7.5."
    )
    found = first(host(gpus=cards("NVIDIA A10G", 2)), host(gpus=cards("Tesla T4", 4)), said)
    assert found.path[-1] == "name"
    assert "last bits" not in found.why


@pytest.mark.parametrize("symptom", ["slower", "wrong", "memory", "hang"])
def test_a_missing_library_stands_behind_what_can_make_such_trouble(symptom: str) -> None:
    facts = {"slower": "NCCL_IB_DISABLE", "hang": "NCCL_IB_DISABLE"}.get(symptom, "TZ")
    here = host({"s3transfer": "0.10.2"}, env_vars={"entries": {}}, system={"cgroup_memory_limit": 64 << 30})  # fmt: skip
    there = host(env_vars={"entries": {facts: "1"}}, system={"cgroup_memory_limit": 8 << 30})
    told = [spelled(found.path) for found in findings(here, there, symptom=symptom)]
    assert told[0] != "packages.s3transfer"
    assert "packages.s3transfer" in told


def test_a_release_leads_with_the_change_that_makes_such_trouble() -> None:
    here, there = host({"scikit-learn": "1.3.2"}), host({"scikit-learn": "1.4.2"})
    assert "n_init" in first(here, there, symptom="wrong").message


def test_what_a_framework_of_another_name_changed_is_known() -> None:
    def learned(version: str) -> Manifest:
        return host({"scikit-learn": version}, frameworks={"entries": {"sklearn": {"version": version}}})  # fmt: skip

    found = first(learned("1.3.2"), learned("1.4.2"), symptom="wrong")
    assert "n_init" in found.message
    assert found.severity is Severity.WARNING


def test_a_text_encoding_and_too_few_processors_are_read() -> None:
    said = "UnicodeEncodeError: 'latin-1' codec can't encode characters in position 14-17: ordinal not in range(256)"
    found = first(
        host({"a": "1"}, system={"encoding": "UTF-8"}),
        host(system={"encoding": "ISO-8859-1"}),
        RAISED + said,
    )
    assert spelled(found.path) == "system.encoding"
    said = (
        "UserWarning: This DataLoader will create 16 worker processes in total. Our suggested max"
        " number of worker in current system is 2, which is smaller than what this DataLoader"
    )
    found = first(
        host({"a": "1"}, system={"cpus_usable": 32}), host(system={"cpus_usable": 2}), said
    )
    assert spelled(found.path) == "system.cpus_usable"
    assert "16 workers" in found.why


def configured(**values: object) -> Manifest:
    tree = {"sha256": hashlib.sha256(repr(values).encode()).hexdigest(), "tree": values}
    return host(configs={"entries": {"app.yaml": tree}})


@pytest.mark.parametrize(
    ("key", "one", "two", "said"),
    [
        ("tensor_parallel_size", 2, 3, "must be divisible by tensor parallel size (3).\n"),
        ("max_model_len", 32768, 4096, "This model's maximum context length is 4096 tokens.\n"),
        (
            "NUM_CLASSES",
            12,
            80,
            "shape torch.Size([13, 1024]) from checkpoint, torch.Size([81, 1024])\n",
        ),
        (
            "vocab_size",
            32000,
            32064,
            "size mismatch: torch.Size([32000, 8]), torch.Size([32064, 8])\n",
        ),
    ],
)
def test_a_key_is_named_in_words_or_by_its_values(key: str, one: int, two: int, said: str) -> None:
    sides = (
        configured(**{"alpha_mode": value, key: number})
        for value, number in (("a", one), ("b", two))
    )
    found = first(*sides, RAISED + "ValueError: " + said)
    assert found.path[-1] == key


def test_the_port_of_an_address_is_no_number_of_the_failure() -> None:
    said = RAISED + "ValueError: x\nINFO: Uvicorn running on http://0.0.0.0:8000\n"
    sides = [configured(port=port, alpha_mode=mode) for port, mode in ((8080, "a"), (8000, "b"))]
    assert first(*sides, said).path[-1] == "alpha_mode"


def test_an_optional_dependency_is_the_package_that_is_not_there() -> None:
    said = RAISED + "ImportError: Missing optional dependency 'openpyxl'.  Use pip or conda.\n"
    here, there = host({"pandas": "2.2.3", "openpyxl": "3.1.5"}), host({"pandas": "2.2.3"})
    assert spelled(first(here, there, said).path) == "packages.openpyxl"


def test_of_google_the_folder_below_tells_the_distribution() -> None:
    from envsnap.rules.symptoms import owners

    path = "/v/lib/python3.10/site-packages/google/{}/x.py"
    manifest = host({"google-auth": "2.35.0", "protobuf": "5.28.0"})
    assert owners.file(path.format("auth"), manifest) == "google-auth"
    assert owners.file(path.format("protobuf"), manifest) == "protobuf"


LINEAR = (
    'Traceback (most recent call last):\n  File "/srv/app/net.py", line 4, in forward\n'
    "    return self.head(x)\n"
    '  File "/opt/venv/lib/python3.11/site-packages/torch/nn/modules/linear.py", line 117, in forward\n'
    "    return F.linear(input, self.weight, self.bias)\n"
)


@pytest.mark.parametrize(
    ("said", "speaks"),
    [
        ("RuntimeError: mat1 and mat2 shapes cannot be multiplied (32x1024 and 768x10)\n", False),
        ("OSError: [Errno 28] No space left on device\n", False),
        ("RuntimeError: something that nobody knows\n", True),
    ],
)
def test_a_patch_is_not_blamed_for_a_line_that_something_else_decides(
    said: str, speaks: bool
) -> None:
    found = first(host({"torch": "2.4.0"}), host({"torch": "2.4.1"}), LINEAR + said)
    assert ("line 6" in found.why) is speaks


@pytest.mark.parametrize(
    ("there", "severity"), [("/srv/src", Severity.WARNING), ("/srv/src:/srv/lib:/x", Severity.INFO)]
)
def test_a_module_that_is_not_found_after_a_folder_was_lost(there: str, severity: Severity) -> None:
    one, two = (
        host(env_vars={"entries": {"PYTHONPATH": value}}) for value in ("/srv/src:/srv/lib", there)
    )
    found = first(one, two, RAISED + "ModuleNotFoundError: No module named 'rankshared'\n")
    assert (found.path, found.severity) == (("env_vars", "PYTHONPATH"), severity)


def test_a_locale_that_is_not_there_is_not_said_to_be_ascii() -> None:
    one, two = (
        host(system={"encoding": "utf-8", "locales": names})
        for names in (["C.utf8", "en_US.utf8"], ["C.utf8"])
    )
    found = first(one, two, RAISED + "locale.Error: unsupported locale setting\n")
    assert (found.path, found.severity) == (("system", "locales"), Severity.WARNING)


def test_a_stub_of_the_driver_leads_to_where_libraries_are_looked_for() -> None:
    one, two = (
        host(env_vars={"entries": {"LD_LIBRARY_PATH": value}})
        for value in ("/usr/lib", "/cuda/stubs")
    )
    found = first(
        one, two, RAISED + "RuntimeError: CUDA driver error: CUDA driver is a stub library\n"
    )
    assert found.path == ("env_vars", "LD_LIBRARY_PATH")
    assert found.severity is not Severity.INFO


def test_a_file_that_is_known_to_hide_a_module_is_the_cause() -> None:
    here = host(python={"version": "3.11.7", "shadows": {"random": "/srv/app/random.py"}})
    said = RAISED + "ImportError: cannot import name 'Random' from partially initialized module 'random' (most likely due to a circular import) (/srv/app/random.py)\n"  # fmt: skip
    (found, *_) = engine.inspect(here, error_text=said).findings
    assert (found.path, found.severity) == (("python", "shadows", "random"), Severity.WARNING)


@pytest.mark.parametrize(
    ("version", "severity"), [("3.10.14", Severity.INFO), ("3.14.0", Severity.ERROR)]
)
def test_what_only_a_new_python_does_by_itself_is_not_blamed_on_an_old_one(
    version: str, severity: Severity
) -> None:
    here = host(python={"version": version}, system={"platform": "linux"})
    said = RAISED + "AttributeError: Can't pickle local object 'main.<locals>.<lambda>'\n"
    (found, *_) = engine.inspect(here, error_text=said).findings
    assert (found.path, found.severity) == (("python", "version"), severity)


@pytest.mark.parametrize(
    ("name", "said", "severity"),
    [
        ("uvloop", "ValueError: Can't patch loop of type <class 'uvloop.Loop'>", Severity.WARNING),
        ("en-core-web-sm", "OSError: Can't find model 'en_core_web_sm'.", Severity.WARNING),
        ("rich", "ValueError: a rich answer", Severity.INFO),
        ("openai", "openai.RateLimitError: Error code: 429", Severity.INFO),
    ],
)
def test_a_distribution_that_one_side_lacks_and_the_text_names(
    name: str, said: str, severity: Severity
) -> None:
    one, two = host({"numpy": "1.26.4"}), host({"numpy": "1.26.4", name: "1.0"})
    found = {item.path: item for item in findings(one, two, RAISED + f"{said}\n")}
    assert found["packages", name].severity is severity


def test_a_date_with_the_name_of_a_month_leads_to_the_locale() -> None:
    one, two = (host(env_vars={"entries": named}) for named in ({"LC_ALL": "de_DE.UTF-8"}, {}))
    said = "ValueError: time data '3. März 2024' does not match format '%d. %B %Y'\n"
    found = first(one, two, RAISED + said)
    assert (found.path, found.severity) == (("env_vars", "LC_ALL"), Severity.WARNING)
