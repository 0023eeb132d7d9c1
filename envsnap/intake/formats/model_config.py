"""One config file of a Hugging Face model: `config.json`, its kin, by their own keys."""

from __future__ import annotations

from envsnap.intake.formats import configs
from envsnap.intake.formats.draft import Draft
from envsnap.intake.formats.source import Source

# The name under which the file is compared, and keys that show what it is, most telling first.
KINDS = (
    ("config.json", ({"architectures", "model_type"}, {"architectures", "transformers_version"}, {"model_type", "hidden_size"}, {"architectures", "torch_dtype"})),
    ("generation_config.json", ({"_from_model_config"}, {"eos_token_id", "transformers_version"}, {"eos_token_id", "temperature"}, {"max_length", "temperature"}, {"eos_token_id", "bos_token_id"})),
    ("tokenizer_config.json", ({"tokenizer_class"}, {"added_tokens_decoder"})),
    ("preprocessor_config.json", ({"image_processor_type"}, {"feature_extractor_type"}, {"image_mean", "image_std"})),
    ("adapter_config.json", ({"peft_type", "base_model_name_or_path"},)),
    ("model_index.json", ({"_class_name", "_diffusers_version"},)),
)  # fmt: skip


def recognise(source: Source) -> bool:
    """An object with the keys of one of the kinds."""
    return kind(source) is not None


def kind(source: Source) -> str | None:
    """The name of the config file that an object is."""
    tree = source.json
    if not isinstance(tree, dict):
        return None
    return next((name for name, marks in KINDS if any(mark <= set(tree) for mark in marks)), None)


def read(source: Source) -> Draft:
    """The config under the name that both sides of a comparison share."""
    name = kind(source)
    assert name is not None
    draft = Draft(f"a model's {name}", "stated")
    configs.add_tree(draft, name, source.json, "json", source.data)
    return draft
