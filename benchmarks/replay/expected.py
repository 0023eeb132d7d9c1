"""What a verdict has to say of a change: words of the right cause, and of the right place.

A change is recognised by words of its name, so that changes that are called alike are judged
alike in scripts that are new. The first row that fits counts.
"""

from __future__ import annotations

import re

AFTER = r"code after them differs|what is printed differs|between call"
INPUT = r"inputs differ|inputs are another|input_ids|pixel_values|input_features"
ROWS: tuple[tuple[str, str, str], ...] = (
    (r"rope bug", r"rotary", r"call 2"),
    (r"log-mel", r"moved by|scale", INPUT),
    (r"fp16 load|bf16 load|half model|float64|float16|bfloat16 model", r"model is in \w+ here", r"dtype"),
    (r"missing eval|train mode", r"training mode", r"Dropout|BatchNorm"),
    (r"padding side", r"padding .* (left|right)|padding\.direction", INPUT),
    (r"pad to max", r"more padding|padding\.length", INPUT),
    (r"truncation|truncated", r"truncation|fewer trailing|ids -> \d+", INPUT),
    (r"lowercase|normali[sz]er", r"normalizer|token", INPUT),
    (r"mask forgotten|without mask", r"attention_mask is not given", INPUT),
    (r"position ids", r"position_ids is given", INPUT),
    (r"int32", r"int64 -> int32|int32", INPUT),
    (r"\beps|_eps", r"eps|epsilon", r"Norm"),
    (r"hidden_act|gelu|activation", r"Activation|act|GELU", r"act"),
    (r"id2label|labels? (swapped|mapping|changed)|label mapping", r"id2label", AFTER),
    (r"classifier rows|other revision|weights? (changed|differ|x)|weights|adapter forgotten|merged twice|lora_alpha|scaling\)|text encoder weights", r"weights differ|weights were changed|adapters|Lora|lora|scaling", r"Linear|q_proj"),
    (r"merged in bf16|in bf16 then back", r"bfloat16", r"weights differ"),
    (r"autocast", r"autocast", r"precision"),
    (r"int8|quanti", r"quantized|quantised", r"Linear"),
    (r"matmul precision", r"lower precision", r"Linear"),
    (r"batch of|another batch|batch_size", r"another batch|batch_size|rows", INPUT),
    (r"other order|shuffle", r"another order|text that is tokenised|sampler|messages", INPUT),
    (r"^post|threshold|topk|top_k|argmin|function_to_apply|decode", AFTER, AFTER),
    (r"rope_theta|rope scaling", r"rope", r"rotary"),
    (r"tied", r"tie_word_embeddings|lm_head", r"weights"),
    (r"repetition|temperature|top_p|greedy|max_new_tokens|beams|min_length|penalty", r"generation settings|generation_config", r"between call"),
    (r"use_cache|static cache", r"use_cache|cache_implementation", r"between call"),
    (r"template", r"template", INPUT),
    (r"generation prompt", r"add_generation_prompt|trailing ids", INPUT),
    (r"system prompt|user prompt|text differs|prompt", r"leading ids|ids -> \d+|messages|roles|text that is tokenised|position \d+", INPUT),
    (r"BOS|leading token", r"leading id", INPUT),
    (r"latent seed", r"random numbers", INPUT),
    (r"seed", r"seed|random numbers", r"between call"),
    (r"KV cache", r"self_attn|attention|attn|leading ids", r"code outside|between call"),
    (r"slow|PIL|resample|nearest|bicubic|antialias|align_corners", r"resiz|8 bits|resample|Processor|other pixels", INPUT),
    (r"mean/std|no normalisation|std forgotten|ImageNet", r"normalisation|channels are|do_normalize|image_mean", INPUT),
    (r"raw pixels|not divided|rescale", r"uint8|divided by 255|channels are|scale", INPUT),
    (r"BGR", r"BGR|reversed", INPUT),
    (r"png|re-encoded", r"decod|encod|file", INPUT),
    (r"grayscale|grey", r"grey|colour", INPUT),
    (r"flipped|mirrored", r"mirror|flipped", INPUT),
    (r"rotated", r"rotat|turned", INPUT),
    (r"crop", r"crop", INPUT),
    (r"fp16 pixels", r"float16", INPUT),
    (r"batch axis", r"batch axis", INPUT),
    (r"128 px|input size|resolution", r"shape", INPUT),
    (r"BN momentum|ran in train", r"call.* before|running|training", r"weights|batch"),
    (r"xywh|boxes", r"code outside|in the forward of", r"forward"),
    (r"guidance", r"between call \d of \w*UNet", r"inputs are another"),
    (r"scheduler", r"Scheduler\.", r"between call"),
    (r"scaling factor", r"scale", INPUT),
    (r"adapter|merged", r"adapter|Linear\._|weights|another model", r"lora"),
    (r"NaN", r"NaN", INPUT),
    (r"drop_last|fewer rows", r"drop_last|called \d+ times", INPUT),
    (r"8 kHz|int16|stereo|gain|audio|sampling", r"scale|moved|other data", INPUT),
    (r"column", r"column", INPUT),
    (r"missing", r"NaN|missing|columns", INPUT),
    (r"standardi|population|unit", r"scaled|columns", INPUT),
    (r"vocabulary|out of range", r"outside of", r"raised"),
    (r"raises|exception", r"raised", r"raised"),
    (r"generate kwargs|generation", r"generation", r"between"),
)  # fmt: skip


def of(name: str) -> tuple[str, str]:
    """The words of the right cause and of the right place for a change."""
    for words, cause, place in ROWS:
        if re.search(words, name):
            return cause, place
    return "", r"."
