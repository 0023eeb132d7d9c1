"""Real pictures from real decoders: two versions of Pillow with two libjpegs, each in a venv."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.conftest import lacking

SIDE = 224
# Pillow 8.4.0 brings IJG's libjpeg 9, 9.0.1 brings libjpeg-turbo.
VERSIONS = ("8.4.0", "9.0.1")
DRAW = """
import sys
from PIL import Image, ImageDraw, ImageFilter
def scene():
    picture = Image.merge("RGB", (
        Image.linear_gradient("L").resize((640, 480)),
        Image.radial_gradient("L").resize((640, 480)),
        Image.linear_gradient("L").rotate(90).resize((640, 480)),
    ))
    draw = ImageDraw.Draw(picture)
    colours = ["red", "lime", "blue", "gold", "cyan", "magenta", "black", "white"]
    for place in range(120):
        x, y = place * 97 % 600, place * 61 % 440
        draw.ellipse((x, y, x + 30 + place % 17, y + 26), fill=colours[place % 8])
        draw.line((x, y, 639 - y, x % 480), fill=colours[(place + 3) % 8])
        draw.text((y, x % 470), "envsnap", fill=colours[(place + 5) % 8])
    # As pale and as soft as photographs are.
    pale = Image.blend(picture, picture.convert("L").convert("RGB"), 0.6)
    return pale.filter(ImageFilter.GaussianBlur(1))
scene().save(sys.argv[1], quality=int(sys.argv[2]), subsampling=int(sys.argv[3]))
"""
ENCODE = """
import sys
from PIL import Image
Image.open(sys.argv[1]).convert("RGB").save(sys.argv[2], quality=90, subsampling=2)
"""
DECODE = """
import sys
from PIL import Image
path, name = sys.argv[1:]
picture = Image.open(path).convert("RGB")
if name:
    scale = 256 / min(picture.size)
    size = tuple(round(side * scale) for side in picture.size)
    picture = picture.resize(size, getattr(Image, name))
left, top = (picture.size[0] - 224) // 2, (picture.size[1] - 224) // 2
sys.stdout.buffer.write(picture.crop((left, top, left + 224, top + 224)).tobytes())
"""


def make(folder: Path, python: str) -> dict[str, str]:
    """A Python with each version of Pillow; skips where pip cannot get them."""
    found = {}
    for version in VERSIONS:
        venv = folder / f"pillow-{version}"
        subprocess.run([python, "-m", "venv", str(venv)], check=True)
        install(venv, f"Pillow=={version}")
        found[version] = str(venv / "bin" / "python")
    return found


def install(venv: Path, requirement: str) -> None:
    """Install into a venv; skips where pip cannot."""
    command = [venv / "bin" / "pip", "install", "-q", "--disable-pip-version-check", requirement]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
        lacking(f"pip cannot install {requirement}: {last}")


def draw(python: str, path: Path, quality: int, subsampling: int) -> Path:
    """Write a picture with gradients, edges and colours; subsampling as Pillow counts it."""
    subprocess.run([python, "-c", DRAW, str(path), str(quality), str(subsampling)], check=True)
    return path


def decode(python: str, path: Path, resampling: str = "") -> bytes:
    """The middle of a picture as 224 x 224 x 3 bytes, after resizing where a filter is named."""
    return subprocess.run(
        [python, "-c", DECODE, str(path), resampling], check=True, capture_output=True
    ).stdout


def encode(python: str, source: Path, path: Path) -> None:
    """Write a picture as JPEG with colours at half the size."""
    subprocess.run([python, "-c", ENCODE, str(source), str(path)], check=True)
