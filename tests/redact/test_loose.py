"""Random letters that stand alone, by measure: most of them go, names of this field stay."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable

import pytest

from envsnap.redact import decision, kinds, loose

LETTERS = string.ascii_letters + string.digits
ALPHABETS = {
    "letters and digits": LETTERS,
    "small letters and digits": string.ascii_lowercase + string.digits,
    "capitals and digits": string.ascii_uppercase + string.digits,
    "base32": string.ascii_uppercase + "234567",
    "base64 for URLs": LETTERS + "-_",
}
# Names of kernels, models, files, nodes and packages that no secret is.
NAMES = """
sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_tilesize128x128x64_warpgroupsize1x1x1_execute_segment_k_off_kernel__5x_cublas
cutlass_80_tensorop_s16816gemm_bf16_128x64_64x4_tn_align8
ampere_fp16_s16816gemm_fp16_128x64_ldg8_f2f_stages_64x4_tn
void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float>>
model.layers.31.self_attn.q_proj.weight
run-20251015_155847-uur1bexi
events.out.tfevents.1698765432.gpu-7.12345.0
pytorch_model-00001-of-00003.bin
model-00001-of-00004.safetensors
libcudnn_cnn_infer-9ea5a4e4.so.8
libgfortran-040039e1-0352e75f.so.5.0.0
libopenblas64_p-r0-0cf96a72.3.23.dev.so
numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl
ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevComm*, unsigned long, ncclWork*)
nvidia/cuda:12.1.1-cudnn8-devel-ubuntu22.04
ip-10-0-12-34.us-west-2.compute.internal
arn:aws:iam::123456789012:role/SageMakerRole
i-0abcd1234ef567890
vol-049df61146c4d7901
projects/p/locations/us-central1/endpoints/1234567890123456789
mlruns/0/2f3a4b5c6d7e8f9a0b1c2d3e4f5a6b7c/artifacts
s3://b/checkpoints/step=1000/epoch=3-val_loss=0.25.ckpt
TheBloke/Mixtral-8x7B-Instruct-v0.1-GPTQ
unsloth/Qwen2.5-Coder-32B-Instruct-bnb-4bit
neuralmagic/Meta-Llama-3.1-70B-Instruct-FP8-dynamic
nvidia/Llama-3_1-Nemotron-51B-Instruct
microsoft/Phi-3.5-vision-instruct
laion/CLIP-ViT-bigG-14-laion2B-39B-b160k
facebook/wav2vec2-large-xlsr-53
openai/whisper-large-v3-turbo
GPU-3a5f1c2e-1234-5678-9abc-def012345678
TensorRT-LLM_v0.9.0.post12.dev2024051400
sm_90a,sm_90,sm_86,compute_80
7.0;7.5;8.0;8.6;8.9;9.0+PTX
jobid_4815162342_task_12
dp2tp4pp2cp1ep8_zero1_bf16
lr3e-4_bs256_wd0.1_warm2k_cos_b0.9_0.95
exp12_vitb16_in1k_300ep_bs4096_lr1e3
resnet50_a1_in1k_224x224_bs64x8
llama31-8b-sft-lora-r16-a32-lr2e4-ep3
convnextv2_huge.fcmae_ft_in22k_in1k_384
vit_base_patch16_clip_224.laion2b_ft_in12k_in1k
tf_efficientnetv2_xl.in21k_ft_in1k
swinv2_large_window12to24_192to384
eva02_large_patch14_448.mim_m38m_ft_in22k_in1k
deepspeed_zero3_offload_cpu_bf16_gas8
Ubuntu-22.04.3-LTS-x86_64
5.15.0-1053-aws
525.105.17-0ubuntu0.22.04.1
Intel(R) Xeon(R) Platinum 8480+
AuthenticAMD-25-17-1
nccl-2.18.5-1+cuda12.2
torch-2.1.0a0+32f93b1
0.4.13+cuda12.cudnn89
jax_cuda12_plugin-0.4.30-cp311-cp311-manylinux2014_x86_64.whl
triton_poi_fused__to_copy_add_mul_0d1d2d3d4de5
triton__0d1d2d3de4de
c5ia7xqz4fhe6qvw3rtwz6q2xq5y2wq3u2eg7c2kqz5n6y2x.py
ReduceLROnPlateau
AutoModelForCausalLM
BertForSequenceClassification
torch.nn.modules.batchnorm.BatchNorm2d
DDPStrategy(find_unused_parameters=False)
FSDP_TRANSFORMER_LAYER_CLS
gradient_checkpointing_kwargs
PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True
NCCL_SOCKET_IFNAME=^docker0,lo
mlx5_0:1,mlx5_1:1,mlx5_2:1
UCX_NET_DEVICES=mlx5_0:1
infiniband/hca0000:3b:00.0
0000:3b:00.0
domain0000:0000:17:00.0
sha256-AbCdEf0123456789ABCDEFabcdef0123456789ABCDE=
k8s-worker-7f9c6d5b4-x2x9z
vllm-deploy-6c8f7d9b5f-q8x4k
train-llama-7b-worker-0-jk2l4
gke-cluster-a100-pool-1a2b3c4d-x5yz
rdzv_endpoint=gpu-7:29400
HloModule_jit_train_step.1234
0x7f8b1c2d3e4f
jit_train_step_bf16_8x4x2_mesh_dp_tp
Qwen2.5-VL-72B-Instruct-AWQ-INT4-g128
gemma-2-27b-it-Q4_K_M.gguf
DeepSeek-R1-Distill-Qwen-32B-IQ4_XS.gguf
W8A8-INT8-Dynamic-Per-Token
W4A16_ASYM_g128_desc_act
MI300X-192GB-HBM3-O_AM
H100-SXM5-80GB-HBM3
A100-SXM4-40GB_MIG-1g.5gb
B200_NVL72_NVSWITCH5
"""


def share(made: Callable[[], str], hidden: Callable[[str], bool]) -> float:
    """Which share of 400 is hidden."""
    return sum(hidden(made()) for _ in range(400)) / 400


def in_a_message(text: str) -> bool:
    return text not in decision.message(f"the call with {text} was refused", {})


@pytest.mark.parametrize("alphabet", ALPHABETS)
@pytest.mark.parametrize("hidden", [in_a_message, loose.is_loose], ids=["between words", "alone"])
def test_most_random_letters_are_left_out(alphabet: str, hidden: Callable[[str], bool]) -> None:
    rng = random.Random(11)
    for size, least in ((20, 0.75), (24, 0.88), (32, 0.9), (43, 0.95)):
        found = share(lambda: "".join(rng.choices(ALPHABETS[alphabet], k=size)), hidden)  # noqa: B023
        assert found >= least, (size, found)


@pytest.mark.parametrize("size", [16, 20, 24, 32, 33])
def test_base64_is_left_out_wherever_it_ends(size: int) -> None:
    rng = random.Random(12)
    assert share(lambda: base64.b64encode(rng.randbytes(size)).decode(), in_a_message) > 0.9


@pytest.mark.parametrize("name", NAMES.split("\n")[1:-1])
def test_names_of_this_field_stay(name: str) -> None:
    assert decision.value("backend", name) == (name, None)
    line = f"we ran {name} and it was ok"
    assert decision.message(line, {}) == line


@pytest.mark.parametrize(
    "line",
    [
        "HEAD is now at {hex} fix the loader",
        "checked out {hex}",
        "pulled image {hex} from the registry",
        "{hex}  model.safetensors",
        "digest mismatch: {hex}",
        "run {hex} was finished",
        "{hex}",
    ],
)
def test_digests_between_words_stay(line: str) -> None:
    rng = random.Random(13)
    for size in (40, 64):
        said = line.replace("{hex}", "".join(rng.choices("0123456789abcdef", k=size)))
        assert decision.message(said, {}) == said or said.isalnum()


@pytest.mark.parametrize(
    "line", ["Error 401: {hex} was refused", "use {hex} there", "ping {hex} about it"]
)
def test_digits_of_base_16_that_nothing_calls_a_digest_go(line: str) -> None:
    rng = random.Random(14)
    for size in (32, 40, 64):
        made = "".join(rng.choices("0123456789abcdef", k=size))
        assert made not in decision.message(line.replace("{hex}", made), {})


def test_passwords_by_their_looks_go_without_a_name() -> None:
    for word in ("Summer!2024x", "Tulip#9Garden", "c0rrectH$rse"):
        assert decision.value("backend", word)[0] is None
        assert word not in decision.message(f"the box took {word} today", {})
    for word in ("BentoML#4860", "Icon24@2x", "de_DE_1999@custom", "y#L450-L454", "$HOME2Path"):
        assert not kinds.is_chosen(word), word


@pytest.mark.parametrize(
    "text",
    [
        "`add_to_git_credential=True` is only supported with a token",
        "set `max_password_tokens=5` first",
        "$ oc new-app t -p passes=0.1040",
        "$ oc new-app t -p ncclVersion=2.20.5",
        "x = ['become_user', 'become_pass', 'become_flags', 'become_exe']",
        "token = self._page_token",
        "token = tokenizer.decode(token_id)",
        "api_key = get_key(config)",
    ],
)
def test_numbers_booleans_and_code_beside_a_secret_s_name_stay(text: str) -> None:
    assert decision.message(text, {}) == text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ('client.setBrokerPasswd("tulip-7")', "tulip-7"),
        ("db_password: !vault tulip77", "tulip77"),
        ('Expected smtp pass "tulip" but got another one', "tulip"),
        ("tool set-environment -g SUDO_PASS tulip77", "tulip77"),
        ('assertEqual(db_password, "tulip")', "tulip"),
        ("rejected http password tulip at h.example", "tulip"),
        ("connect as joe/tulip-77 to gpu-7", "tulip-77"),
    ],
)
def test_kinds_that_were_let_through(text: str, secret: str) -> None:
    assert secret not in decision.message(text, {})


def test_what_has_the_length_of_an_algorithm_s_name_is_none() -> None:
    token = "dop_v1_" + "0123456789abcdef" * 4
    held = {"a": token, "b": "sha256:" + "0123456789abcdef" * 4}
    kept = held["b"]
    decision.sweep(held, lambda _path, _why, _lost: None)
    assert held == {"a": decision.REDACTED, "b": kept}


MADE = "kV8sQ2xLp0Rt5Zw1Yb7uGd3HnMe9cAfJ4oKiTqXvS6rWyUzPlEhBgCDNO"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"data:image/raw;base64,{MADE}", True),
        (f"thumb data:audio/wav;rate=16000;base64,{MADE} of the call", True),
        (f'<img src="data:image/svg+xml;charset=utf-8;base64,{MADE}">', True),
        (f"data:text/plain;base64,{MADE}", False),
        (f"got base64,{MADE} back", False),
    ],
)
def test_a_medium_in_an_address_is_no_secret(text: str, *, shown: bool) -> None:
    assert (MADE in decision.message(text, {})) is shown
