"""Whose a file, a library, a symbol and a class is."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from envsnap.rules.symptoms import owners
from envsnap.rules.symptoms.demangle import demangled, uses_new_strings
from tests import examples
from tests.conftest import lacking

MANIFEST = examples.manifest(
    {
        "packages": examples.packages(
            **dict.fromkeys(
                ("flash-attn", "scikit-learn", "nvidia-cudnn-cu12", "scipy", "torch"), "1"
            )
        )
    }
)


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/e/lib/python3.11/site-packages/sklearn/tree/_tree.pyx", "scikit-learn"),
        ("/e/lib/python3.11/site-packages/flash_attn_2_cuda.cpython-311-x86_64-linux-gnu.so", "flash-attn"),
        ("/e/lib/python3.11/site-packages/nvidia/cudnn/lib/libcudnn.so.9", "nvidia-cudnn-cu12"),
        ("/e/lib/python3.11/site-packages/scipy.libs/libscipy_openblas-68440149.so", "scipy"),
        ("/e/lib/python3.11/site-packages/torch/lib/../../nvidia/cublas/lib/libcublas.so.12", "torch"),
        ("/e/lib/python3.11/site-packages/of_nobody/x.py", None),
        ("/srv/app/torch_extension.so", None),
        ("/lib/x86_64-linux-gnu/libstdc++.so.6", None),
        ("", None),
    ],
)  # fmt: skip
def test_the_owner_of_a_file(path: str, owner: str | None) -> None:
    assert owners.file(path, MANIFEST) == owner


@pytest.mark.parametrize(
    ("soname", "name"),
    [
        ("libcudnn_cnn_infer.so.8", "cuDNN"),
        ("libgomp-a34b3233.so.1", "an OpenMP runtime"),
        ("libcusparseLt.so.0", "cuSPARSELt"),
        ("libcuda.so.1", "the NVIDIA driver"),
        ("libcudart.so.12", "the CUDA runtime"),
    ],
)
def test_the_owner_of_a_library(soname: str, name: str) -> None:
    row = owners.library(soname)
    assert row is not None
    assert row["is"] == name


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("_ZNK3c106SymInt6sym_neERKS0_", "torch"),
        ("ncclCommRegister", "NCCL"),
        ("__nvJitLinkAddData_12_1", "nvJitLink"),
        ("iJIT_NotifyEvent", "MKL"),
        ("_PyUnicode_Ready", "Python"),
    ],
)
def test_the_owner_of_a_symbol(symbol: str, name: str) -> None:
    row = owners.symbol(symbol)
    assert row is not None
    assert row["is"] == name


def test_names_agree_with_those_of_the_tool_for_it() -> None:
    if shutil.which("c++filt") is None:
        lacking("c++filt is not installed")
    symbols = [
        "_ZN3c105ErrorC2ENS_14SourceLocationENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE",
        "_ZN2at4_ops5zeros4callEN3c108ArrayRefINS2_6SymIntEEE",
        "_ZNK3c106SymInt6sym_neERKS0_",
        "_ZN5torch3jit17parseSchemaOrNameERKSs",
        "_ZN6google8protobuf7MessageD1Ev",
        "_ZN5torch8autograd13SavedVariableC1ERKN2at6TensorEbb",
        "_ZN3c1013MessageLoggerC1EPKciib",
        "_ZN3c104impl3cow23materialize_cow_storageERNS_11StorageImplE",
        "_ZN2at6Tensor8data_ptrIfEEPT_v",
    ]
    done = subprocess.run(["c++filt", "-p", *symbols], capture_output=True, text=True, check=True)
    for symbol, full in zip(symbols, done.stdout.splitlines(), strict=True):
        plain = full.partition("<")[0].rpartition(" ")[2]
        assert demangled(symbol).startswith(plain), (symbol, full)


def test_what_is_no_cxx_name_is_left_as_it_is() -> None:
    for symbol in (
        "cudnnGetVersion",
        "_Z",
        "_ZN",
        "_ZN9",
        "_ZN99999999999c10E",
        "",
        "_ZNI",
        "_ZNS_",
    ):
        assert isinstance(demangled(symbol), str)
    assert demangled("cudnnGetVersion") == "cudnnGetVersion"
    assert uses_new_strings("_ZN3c10NSt7__cxx1112basic_stringE") is True
    assert uses_new_strings("_ZN5torch3jit17parseSchemaOrNameERKSs") is False
    assert uses_new_strings("cublasCreate") is None
