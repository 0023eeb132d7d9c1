"""What is said of pictures that differ: real JPEG files, real decoders, real resizing."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from envsnap.replay.compare import inputs, view
from envsnap.replay.esr import archive
from envsnap.replay.recorder.program import Recording
from envsnap.replay.recorder.wanted import Wanted
from tests.conftest import lacking
from tests.replay import decoders

MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
OLD, NEW = decoders.VERSIONS
Told = Callable[..., str]


def needed(name: str) -> ModuleType:
    """A library that a test looks at."""
    try:
        return importlib.import_module(name)
    except ImportError:
        lacking(f"{name} is not installed here")


@pytest.fixture
def told(torch: ModuleType, tmp_path: Path) -> Told:
    """The cause that two pictures give: arrays of rows, columns and colours, 0…255."""
    numpy = needed("numpy")
    net = torch.nn.Conv2d(3, 1, 1)

    def recorded(picture: Any, name: str, full: bool | None) -> archive.Recording:
        values = (numpy.asarray(picture, "float32") / 255 - MEAN) / SPREAD
        tensor = torch.from_numpy(values.astype("float32").transpose(2, 0, 1).copy())[None]
        path = str(tmp_path / name)
        with Recording(path, lambda: None, wanted=Wanted(full=full)):
            net(tensor)
        return archive.read(path)

    def compared(one: Any, two: Any, *, full: bool | None = None) -> str:
        sides = recorded(one, "a.esr", full), recorded(two, "b.esr", full)
        found = inputs.compare(*(view.views(side)[0] for side in sides))
        assert bool(found.cause) is bool(found.fix)
        return found.cause.removeprefix("inputs differ: input: ").removeprefix("inputs differ: ")

    return compared


def array(data: bytes) -> Any:
    """Decoded bytes as an array."""
    return needed("numpy").frombuffer(data, "uint8").reshape(decoders.SIDE, decoders.SIDE, 3)


@pytest.mark.parametrize("resampling", ["", "BILINEAR", "BICUBIC", "LANCZOS"])
@pytest.mark.parametrize(("quality", "subsampling"), [(75, 2), (95, 2), (50, 1), (95, 1)])
def test_another_decoder_is_told(
    quality: int, subsampling: int, resampling: str, told: Told, pillows: dict[str, str],
    tmp_path: Path,
) -> None:  # fmt: skip
    path = decoders.draw(pillows[NEW], tmp_path / "it.jpg", quality, subsampling)
    one, two = (array(decoders.decode(pillows[v], path, resampling)) for v in (OLD, NEW))
    assert told(one, two).startswith("decoding: colour is rebuilt differently")


@pytest.mark.parametrize("resampling", ["", "BILINEAR"])
def test_a_photograph(resampling: str, told: Told, pillows: dict[str, str], tmp_path: Path) -> None:
    folder = Path(needed("sklearn").__file__).parent / "datasets" / "images"
    for name in ("china", "flower"):
        source = folder / f"{name}.jpg"  # 4:4:4
        path = tmp_path / f"{name}.jpg"
        decoders.encode(pillows[NEW], source, path)
        one, two = (array(decoders.decode(pillows[v], path, resampling)) for v in (OLD, NEW))
        assert told(one, two).startswith("decoding: ")


def test_without_smaller_colours_too_little_differs(
    told: Told, pillows: dict[str, str], tmp_path: Path
) -> None:
    """4:4:4: what remains is a level here and there, which resizing could be, too."""
    path = decoders.draw(pillows[NEW], tmp_path / "it.jpg", 75, 0)
    one, two = (array(decoders.decode(pillows[v], path)) for v in (OLD, NEW))
    assert told(one, two).startswith("rounding to 8 bits")


@pytest.mark.parametrize(
    ("one", "two", "word"),
    [
        ("BILINEAR", "BICUBIC", "edges are sharper here"),
        ("BICUBIC", "BILINEAR", "edges are softer here"),
        ("BICUBIC", "LANCZOS", "resizing: another resampling filter"),
        ("BILINEAR", "NEAREST", "resizing: another resampling filter"),
        ("BILINEAR", "BOX", "resizing: another resampling filter"),
    ],
)
def test_another_resampling_filter_is_no_decoder(
    one: str, two: str, word: str, told: Told, pillows: dict[str, str], tmp_path: Path
) -> None:
    """Also where the decoder is another one as well: what is larger is said."""
    path = decoders.draw(pillows[NEW], tmp_path / "it.jpg", 90, 2)
    here = array(decoders.decode(pillows[NEW], path, one))
    for version in (NEW, OLD):
        assert word in told(here, array(decoders.decode(pillows[version], path, two)))


def test_two_libraries_that_resize(told: Told, pillows: dict[str, str], tmp_path: Path) -> None:
    cv2 = needed("cv2")
    path = decoders.draw(pillows[NEW], tmp_path / "it.jpg", 90, 2)
    whole = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    small = cv2.resize(whole, (341, 256), interpolation=cv2.INTER_LINEAR)[16:240, 58:282]
    assert told(array(decoders.decode(pillows[NEW], path, "BILINEAR")), small).startswith(
        "resizing"
    )
    assert told(small, small[:, :, ::-1]).startswith("channels are reversed")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda n, x: n.roll(x, 1, 1), "shifted by about 1.0"),
        (lambda _, x: 255 * (x / 255) ** 1.05 // 1, "brightness: values follow another curve"),
        (lambda n, x: n.clip(x * 1.01, 0, 255).round(), "brightness: "),
        (lambda _, x: (x * 0.95 + x.mean(2, keepdims=True) * 0.05).round(), "colour conversion"),
        (lambda n, x: n.clip(x + n.random.default_rng(0).integers(-9, 10, x.shape), 0, 255), "other pixels"),
        (lambda n, x: x ^ (n.random.default_rng(0).random(x.shape) < 0.1), "rounding to 8 bits"),
        (lambda _, x: x[:, ::-1], "mirrored left to right"),
        (lambda _, x: x[::-1].transpose(1, 0, 2), "turned by 90 degrees"),
        (lambda _, x: (x[::-1] * 0.3 + 90).round(), "upside down"),
        (lambda n, x: (x.astype("float32") + n.roll(x, 1, 0)) / 2, "resizing"),
    ],
)  # fmt: skip
def test_other_changes_are_no_decoder(
    change: Callable[[Any, Any], Any], word: str, told: Told, pillows: dict[str, str],
    tmp_path: Path,
) -> None:  # fmt: skip
    path = decoders.draw(pillows[NEW], tmp_path / "it.jpg", 95, 2)
    one = array(decoders.decode(pillows[NEW], path))
    assert word in told(one, change(needed("numpy"), one))


def test_without_kept_values_it_is_not_told(
    told: Told, pillows: dict[str, str], tmp_path: Path
) -> None:
    path = decoders.draw(pillows[NEW], tmp_path / "it.jpg", 75, 2)
    one, two = (array(decoders.decode(pillows[v], path)) for v in (OLD, NEW))
    assert told(one, two, full=False).startswith("decoding or resizing: the same picture")


def test_both_kinds_of_difference_at_once(
    told: Told, pillows: dict[str, str], tmp_path: Path
) -> None:
    """Another decoder and reversed colours: what is larger is said."""
    path = decoders.draw(pillows[NEW], tmp_path / "it.jpg", 75, 2)
    one, two = (array(decoders.decode(pillows[v], path)) for v in (OLD, NEW))
    assert told(one, two[:, :, ::-1]).startswith("channels are reversed")


def test_bytes_with_colours_last(
    torch: ModuleType, pillows: dict[str, str], tmp_path: Path
) -> None:
    """What a model that normalises by itself is given."""

    class Normalising(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 1, 1)

        def forward(self, picture):
            return self.conv(picture.permute(0, 3, 1, 2).float() / 255)

    path = decoders.draw(pillows[NEW], tmp_path / "it.jpg", 75, 2)
    model, found = Normalising(), []
    for version in (OLD, NEW):
        tensor = torch.from_numpy(array(decoders.decode(pillows[version], path)).copy())[None]
        with Recording(str(tmp_path / f"{version}.esr"), lambda: None):
            model(tensor)
        found.append(view.views(archive.read(str(tmp_path / f"{version}.esr")))[0])
    told = inputs.compare(*found)
    assert told.cause.startswith("inputs differ: picture: decoding: ")
    assert "of 255 levels" in told.details[-1]
