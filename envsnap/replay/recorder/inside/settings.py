"""Settings of objects as flat plain data: configurations, tokenizers, schedulers.

Numbers and switches are kept as they are. A text is kept where it is a short plain word and its
name is none of a secret's; of any other its digest.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from typing import Any

MOST = 400
DEEPEST = 4
LONGEST_LIST = 64
WORD = re.compile(r"[A-Za-z0-9_.<>|/\[\]+-]{1,32}")
SPECIAL = re.compile(r"(bos|eos|pad|unk|cls|sep|mask)_token")
SECRET = re.compile(r"key|token$|secret|passw|auth|credential|cookie", re.IGNORECASE)
# Where something lies and which version wrote it say nothing of what it does.
UNTOLD = re.compile(
    r"(^|\.)(_name_or_path|name_or_path|transformers_version|_diffusers_version|tokenizer_file|"
    r"vocab_file|merges_file|_commit_hash|architectures|model_type|_class_name|"
    r"_attn_implementation_internal|_attn_implementation_autoset|cache_dir|special_tokens_map_file|"
    r"_use_default_values|_original_object_hash|init_inputs|_from_model_config)(\.|$)"
)


def digest(text: str) -> str:
    """The digest that stands for a text."""
    return "#" + hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()


def flat(value: Any) -> dict[str, Any]:
    """A nest as one level: keys joined by dots."""
    found: dict[str, Any] = {}
    _add(found, "", value, 0)
    return found


def _add(found: dict[str, Any], key: str, value: Any, depth: int) -> None:
    if len(found) >= MOST or (key and UNTOLD.search(key)):
        return
    if isinstance(value, Mapping) and depth < DEEPEST:
        for name, item in value.items():
            _add(found, f"{key}.{name}"[:200] if key else str(name)[:200], item, depth + 1)
        return
    if isinstance(value, (list, tuple)):
        parts = [scalar(key, item) for item in value[:LONGEST_LIST]]
        if all(part is not None for part in parts):
            found[key] = f"[{', '.join(map(str, parts))}]"
        return
    told = scalar(key, value)
    if key and (told is not None or value is None):
        found[key] = told


def scalar(key: str, value: Any) -> Any:
    """One plain value; None where it is none, or is not set."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 53 else str(value)[:40]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        last = key.rpartition(".")[2]
        if WORD.fullmatch(value) and (SPECIAL.fullmatch(last) or not SECRET.search(last)):
            return value
        return digest(value)
    kind = type(value)
    if kind.__module__ == "torch" and kind.__name__ in ("dtype", "device"):
        return str(value)
    return None


def of_model(module: Any) -> dict[str, Any]:
    """The configuration of a model, and of its generation, where it has them."""
    module = getattr(module, "_orig_mod", module)
    found = flat(_config(getattr(module, "config", None)))
    attention = getattr(getattr(module, "config", None), "_attn_implementation", None)
    if isinstance(attention, str):
        found["attn_implementation"] = attention[:40]
    for key, item in flat(_config(getattr(module, "generation_config", None))).items():
        found[f"generation_config.{key}"[:200]] = item
    return found


def _config(value: Any) -> Any:
    if isinstance(value, Mapping):
        return value
    ask = getattr(value, "to_dict", None)
    if ask is None or isinstance(value, type):
        return {}
    try:
        return ask()
    except Exception:
        return {}
