"""Eight small models with weights that are the same on every CPU."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional


def settle(model: nn.Module, seed: int = 7) -> nn.Module:
    """Fill a model from numpy's generator: torch's normal numbers differ between CPUs."""
    generator = np.random.default_rng(seed)
    with torch.no_grad():
        for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
            if not tensor.is_floating_point():
                continue
            values = generator.standard_normal(tuple(tensor.shape))
            if name.endswith("running_var"):
                values = 1 + 0.2 * np.abs(values)
            elif tensor.ndim < 2:
                values = (1.0 if name.endswith("weight") else 0.0) + 0.1 * values
            else:
                values = values / np.sqrt(np.prod(tensor.shape[1:]))
            tensor.copy_(torch.from_numpy(np.asarray(values, dtype=np.float32)))
    return model.eval()


class Residual(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.short = nn.Conv2d(inside, outside, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + self.short(x))


class Resnet(nn.Module):
    """Convolutions, batch norms, pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(32)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(Residual(32, 32, 1), Residual(32, 64, 2))
        self.layer2 = nn.Sequential(Residual(64, 64, 1), Residual(64, 128, 2))
        self.head = nn.AdaptiveAvgPool2d(1)
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(128, 100)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(torch.relu(self.bn1(self.conv1(x))))
        return self.fc(self.drop(self.head(self.layer2(self.layer1(x))).flatten(1)))


class Attention(nn.Module):
    """Attention whose product is functional, as in most code."""

    def __init__(self, size: int, *, causal: bool) -> None:
        super().__init__()
        self.qkv, self.proj = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.causal, self.size = causal, size

    def forward(self, x: Tensor) -> Tensor:
        parts = self.qkv(x).unflatten(-1, (3, 4, self.size // 4)).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(*parts, is_causal=self.causal)
        return self.proj(mixed.transpose(1, 2).flatten(2))


class Block(nn.Module):
    """A transformer's block with the norm first or last."""

    def __init__(self, size: int, *, causal: bool, drop: float, first: bool) -> None:
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(size), nn.LayerNorm(size)
        self.attn = Attention(size, causal=causal)
        self.mlp = nn.Sequential(
            nn.Linear(size, 4 * size), nn.GELU(), nn.Linear(4 * size, size), nn.Dropout(drop)
        )
        self.norm_first = first

    def forward(self, x: Tensor) -> Tensor:
        if self.norm_first:
            x = x + self.attn(self.ln1(x))
            return x + self.mlp(self.ln2(x))
        x = self.ln1(x + self.attn(x))
        return self.ln2(x + self.mlp(x))


class Words(nn.Module):
    """GPT (causal, norm first) or BERT (norm last)."""

    def __init__(self, *, causal: bool, size: int = 128, depth: int = 4) -> None:
        super().__init__()
        self.tok, self.pos = nn.Embedding(1000, size), nn.Embedding(64, size)
        self.drop = nn.Dropout(0.1)
        self.blocks = nn.ModuleList(
            Block(size, causal=causal, drop=0.1, first=causal) for _ in range(depth)
        )
        self.ln = nn.LayerNorm(size)
        self.head = nn.Linear(size, 1000, bias=False)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.drop(self.tok(ids) + self.pos(torch.arange(ids.shape[1])))
        for block in self.blocks:
            x = block(x)
        return self.head(self.ln(x))


class Vit(nn.Module):
    """Patches and a transformer."""

    def __init__(self, size: int = 96) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, size, 8, 8)
        self.blocks = nn.Sequential(
            *(Block(size, causal=False, drop=0.0, first=True) for _ in range(3))
        )
        self.ln, self.head = nn.LayerNorm(size), nn.Linear(size, 100)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.ln(self.blocks(self.patch(x).flatten(2).mT)).mean(1))


class Convnext(nn.Module):
    """Depthwise convolutions, layer norms over channels, GELU."""

    def __init__(self, size: int = 48) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, size, 4, 4)
        self.depth = nn.ModuleList(nn.Conv2d(size, size, 7, 1, 3, groups=size) for _ in range(3))
        self.norm = nn.ModuleList(nn.LayerNorm(size) for _ in range(3))
        self.wide = nn.ModuleList(nn.Linear(size, 4 * size) for _ in range(3))
        self.act = nn.GELU()
        self.narrow = nn.ModuleList(nn.Linear(4 * size, size) for _ in range(3))
        self.head = nn.Linear(size, 100)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for depth, norm, wide, narrow in zip(
            self.depth, self.norm, self.wide, self.narrow, strict=True
        ):
            y = norm(depth(x).permute(0, 2, 3, 1))
            x = x + narrow(self.act(wide(y))).permute(0, 3, 1, 2)
        return self.head(x.mean((2, 3)))


class Lstm(nn.Module):
    """A recurrent tagger."""

    def __init__(self, size: int = 96) -> None:
        super().__init__()
        self.tok = nn.Embedding(500, size)
        self.rnn = nn.LSTM(size, size, 2, batch_first=True, bidirectional=True)
        self.ln, self.head = nn.LayerNorm(2 * size), nn.Linear(2 * size, 50)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.ln(self.rnn(self.tok(ids))[0]))


class Mobile(nn.Module):
    """Inverted residuals with squeeze and excitation, Hardswish and ReLU6."""

    def __init__(self, size: int = 32) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, size, 3, 2, 1), nn.BatchNorm2d(size), nn.Hardswish())
        self.wide = nn.Sequential(nn.Conv2d(size, 96, 1), nn.BatchNorm2d(96), nn.ReLU6())
        self.depth = nn.Sequential(
            nn.Conv2d(96, 96, 5, 1, 2, groups=96), nn.BatchNorm2d(96), nn.SiLU()
        )
        self.squeeze = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(96, 24, 1), nn.ReLU(), nn.Conv2d(24, 96, 1),
            nn.Hardsigmoid(),
        )  # fmt: skip
        self.norm = nn.GroupNorm(4, 96)
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(96, 100))

    def forward(self, x: Tensor) -> Tensor:
        x = self.depth(self.wide(self.stem(x)))
        return self.head(self.norm(x * self.squeeze(x)).mean((2, 3)))


class Encoder(nn.Module):
    """torch's own transformer, whose fused path calls no inner module."""

    def __init__(self, size: int = 96) -> None:
        super().__init__()
        self.tok = nn.Embedding(500, size)
        layer = nn.TransformerEncoderLayer(
            size, 4, 192, dropout=0.1, activation="gelu", batch_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)
        self.head = nn.Linear(size, 50)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.encoder(self.tok(ids)))


def picture(*, bgr: bool = False, spread: float = 1.0) -> Tensor:
    """Two smooth pictures, normalised as usual."""
    generator = np.random.default_rng(3)
    grid = np.linspace(0, 6, 64)
    waves = [
        np.sin(a * grid[:, None] + b) * np.cos(c * grid[None, :])
        for a, b, c in generator.uniform(0.3, 3, (6, 3))
    ]
    pixels = np.stack(waves).reshape(2, 3, 64, 64) * 0.4 + 0.5
    pixels = np.round(np.clip(pixels + generator.normal(0, 0.03, pixels.shape), 0, 1) * 255) / 255
    if bgr:
        pixels = pixels[:, ::-1]
    mean = np.array([0.485, 0.456, 0.406])[:, None, None]
    std = np.array([0.229, 0.224, 0.225])[:, None, None] * spread
    return torch.from_numpy(np.ascontiguousarray((pixels - mean) / std, dtype=np.float32))


def words(vocabulary: int, length: int) -> Tensor:
    """Two rows of token ids."""
    return torch.from_numpy(np.random.default_rng(5).integers(0, vocabulary, (2, length)))


# Name -> the model, its input, and a layer in its middle for faults of one layer.
MODELS = {
    "resnet": (Resnet, picture, "layer2.0.conv1"),
    "gpt": (lambda: Words(causal=True), lambda: words(1000, 48), "blocks.2.mlp.0"),
    "bert": (lambda: Words(causal=False), lambda: words(1000, 48), "blocks.1.attn.proj"),
    "convnext": (Convnext, picture, "wide.1"),
    "vit": (Vit, picture, "blocks.1.attn.qkv"),
    "lstm": (Lstm, lambda: words(500, 24), "head"),
    "mobile": (Mobile, picture, "depth.0"),
    "encoder": (Encoder, lambda: words(500, 24), "head"),
}
NEW = ("mobile", "encoder")  # the limits were chosen without these


def build(name: str) -> tuple[nn.Module, Tensor]:
    """A model and its input."""
    model, given, _ = MODELS[name]
    return settle(model()), given()
