"""What stands around models: tokenizers, processors, schedulers, and the settings of generation.

Objects of these kinds are looked for once a model is called; the few functions that everybody
passes through (a tokenizer's encode, a chat template, generate) are watched while it records.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from itertools import compress
from typing import Any

from . import modules, settings
from .pieces import Pieces, spells

# Bases whose objects have settings of their own: attributes that are plain, or a `config`.
BASES = (
    "PreTrainedTokenizerBase", "BaseImageProcessor", "ImageProcessingMixin",
    "FeatureExtractionMixin", "SequenceFeatureExtractor", "ProcessorMixin", "SchedulerMixin",
    "VaeImageProcessor", "Pipeline", "BatchSampler", "DataLoader",
)  # fmt: skip
TOKENIZER = "PreTrainedTokenizerBase"
SPELLS = "a tokenizer of another library"
PICTURES = "BaseImageProcessor", "ImageProcessingMixin"
MOST_PARTS = 20
MOST_STAGES = 500
ENCODERS = ("encode", "encode_batch", "encode_batch_fast")
LOADER = ("batch_size", "drop_last", "num_workers", "shuffle")

Tell = Callable[..., None]


class Around:
    """Watches one process; `tell` takes a stage: kind, name, facts."""

    def __init__(self, tell: Tell, after: Callable[[str, Callable[[Any], None]], None]) -> None:
        self._tell, self._after = tell, after
        self._undo: list[tuple[Any, str, Any]] = []
        self.on = False
        self.parts: dict[str, dict[str, Any]] = {}
        self.tokens = Pieces()
        self._inside = False

    def start(self) -> None:
        """Watch what is imported, now or later."""
        self.on = True
        self._after("tokenizers", self._tokenizers)
        self._after("transformers.tokenization_utils_base", self._templates)
        self._after("transformers.generation.utils", self._generation)

    def stop(self) -> None:
        """Put every function back, and let go of what is the script's."""
        self.on = False
        self.tokens = Pieces()
        for owner, name, original in self._undo:
            setattr(owner, name, original)
        self._undo = []

    def _wrap(self, owner: Any, name: str, before: Callable[..., None] | None, after: Any) -> None:
        original = getattr(owner, name, None)
        if original is None:
            return

        def watched(*arguments: Any, **named: Any) -> Any:
            encodes = name in ENCODERS
            outer = self.on and not (encodes and self._inside)
            if outer and before is not None:
                _quietly(before, arguments, named)
            if not encodes:
                return original(*arguments, **named)
            inside, self._inside = self._inside, True
            try:
                result = original(*arguments, **named)
            finally:
                self._inside = inside
            if outer and after is not None:
                _quietly(after, arguments, named, result)
            return result

        watched.__name__ = name
        watched.__doc__ = getattr(original, "__doc__", None)
        watched.__wrapped__ = original  # type: ignore[attr-defined]
        try:
            setattr(owner, name, watched)
        except (AttributeError, TypeError):
            return
        self._undo.append((owner, name, original))

    def _tokenizers(self, module: Any) -> None:
        for name in ENCODERS:
            self._wrap(module.Tokenizer, name, None, self._encoded)

    def _encoded(self, arguments: Any, named: Any, result: Any) -> None:
        tokenizer, given = arguments[0], arguments[1] if len(arguments) > 1 else named.get("input")
        self.tokens.works(tokenizer)
        many = isinstance(result, list)
        found = result if many else [result]
        texts = given if many and isinstance(given, (list, tuple)) else [given]
        facts: dict[str, Any] = {
            "texts": len(found),
            "text": settings.digest(repr(list(texts))),
            "characters": str([_length(item) for item in texts[:32]]),
            "ids": str([len(item.ids) for item in found[:32]]),
            "add_special_tokens": bool(named.get("add_special_tokens", True)),
        }
        for name in ("truncation", "padding"):
            set_to = getattr(tokenizer, name, None)
            facts.update(
                {f"{name}.{key}": item for key, item in settings.flat(set_to or {}).items()}
            )
            facts[name] = set_to is not None
        facts["vocabulary"] = tokenizer.get_vocab_size()
        for name in ("normalizer", "pre_tokenizer", "post_processor"):
            facts[name] = settings.digest(repr(getattr(tokenizer, name, None)))
        self._tell("tokens", "Tokenizer", facts)

    def _templates(self, module: Any) -> None:
        owner = getattr(module, TOKENIZER, None)
        if owner is not None:
            self._wrap(owner, "apply_chat_template", self._asked, None)
            self._wrap(owner, "__call__", lambda given, _: self.tokens.works(given[0]), None)

    def _asked(self, arguments: Any, named: Any) -> None:
        talk = arguments[1] if len(arguments) > 1 else named.get("conversation")
        roles = [str(item.get("role", ""))[:20] for item in talk if isinstance(item, dict)]
        contents = [str(item.get("content", "")) for item in talk if isinstance(item, dict)]
        facts = {
            key: item for key, item in settings.flat(named).items() if "conversation" not in key
        }
        facts["roles"] = ", ".join(roles[:20])
        facts["messages"] = settings.digest(repr(contents))
        template = named.get("chat_template") or getattr(arguments[0], "chat_template", None)
        facts["template"] = settings.digest(repr(template))
        self._tell("chat", "apply_chat_template", facts)

    def _generation(self, module: Any) -> None:
        self._wrap(module.GenerationMixin, "generate", self._generates, None)

    def _generates(self, arguments: Any, named: Any) -> None:
        model = arguments[0]
        config = named.get("generation_config")
        if config is None:
            config = getattr(model, "generation_config", None)
        facts = settings.flat(settings._config(config))
        facts.update(
            settings.flat({key: item for key, item in named.items() if key != "generation_config"})
        )
        # Processors and criteria are objects: what they are called is what is known of them.
        for key in ("logits_processor", "stopping_criteria", "streamer", "assistant_model"):
            if named.get(key) is not None:
                facts[key] = _called(named[key])
        self._tell("generation", type(model).__qualname__[:100], facts)

    def look(self) -> None:
        """Find the objects that stand around, and note their settings."""
        items = gc.get_objects()  # half a million with transformers: one pass, and no call for each
        kinds = _Kinds()
        for item in list(compress(items, map(kinds.__getitem__, map(type, items)))):
            if len(self.parts) < MOST_PARTS:
                _quietly(self._note, item, kinds[type(item)])

    def owned_by(self, owner: Any) -> None:
        """Note the settings of a model whose parts are called one by one, as an autoencoder's."""
        if owner is not None and len(self.parts) < MOST_PARTS:
            told = modules.describe(owner)
            self.parts.setdefault(type(owner).__qualname__[:100], told["settings"])

    def _note(self, item: Any, base: str) -> None:
        name = type(item).__qualname__[:100]
        if base == SPELLS:
            self.tokens.take(item)
            return
        if base == TOKENIZER:
            self.tokens.take(item)
            told = _tokenizer(item)
        elif base in ("DataLoader", "BatchSampler"):
            told = {key: getattr(item, key) for key in LOADER if hasattr(item, key)}
            told["sampler"] = type(getattr(item, "sampler", None)).__name__
            told = settings.flat(told)
        else:
            config = getattr(item, "config", None)
            own = settings._config(config) if base != "Pipeline" else {}
            told = settings.flat(own or _attributes(item))
            if base in PICTURES:
                told["backend"] = _backend(item)
        known = self.parts.get(name)
        count = 2
        while known is not None and known != told:
            known = self.parts.get(f"{name}#{count}")
            if known is None:
                name = f"{name}#{count}"
            count += 1
        self.parts.setdefault(name, told)


class _Kinds(dict):  # type: ignore[type-arg]
    """Of each type that was asked for the base that stands around models; the empty text: none."""

    def __missing__(self, kind: type) -> str:
        bases = {entry.__name__ for entry in kind.__mro__}
        base = next((name for name in BASES if name in bases), "")
        if not base and spells(kind):
            base = SPELLS
        self[kind] = base
        return base


def _tokenizer(item: Any) -> dict[str, Any]:
    names = (
        "padding_side", "truncation_side", "model_max_length", "clean_up_tokenization_spaces",
        "bos_token", "eos_token", "pad_token", "unk_token", "cls_token", "sep_token", "mask_token",
        "add_bos_token", "add_eos_token",
    )  # fmt: skip
    told = settings.flat({key: getattr(item, key, None) for key in names})
    told["chat_template"] = settings.digest(repr(getattr(item, "chat_template", None)))
    told["vocabulary"] = len(item)
    return told


def _attributes(item: Any) -> dict[str, Any]:
    return {key: value for key, value in vars(item).items() if not key.startswith("_")}


def _backend(item: Any) -> str:
    """What resizes an image processor's pictures: of one class name there is one for each library."""
    told = getattr(item, "backend", None)
    if isinstance(told, str):
        return told
    fast = any(entry.__name__ == "BaseImageProcessorFast" for entry in type(item).__mro__)
    return "torchvision" if fast else "pil"


def _length(text: Any) -> int:
    return len(text) if isinstance(text, str) else -1


def _called(value: Any) -> str:
    items = value if isinstance(value, (list, tuple)) else [value]
    return ", ".join(type(item).__name__ for item in items)[:200]


def _quietly(work: Callable[..., Any], *arguments: Any) -> None:
    """What is looked at is the script's: nothing of ours may reach it."""
    try:
        work(*arguments)
    except Exception as error:
        sys.audit("envsnap.around", str(error)[:100])
