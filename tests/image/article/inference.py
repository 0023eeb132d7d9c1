"""Says which versions an image of the article's environment has."""

import sys

import torch
import transformers

sys.stdout.write(f"{torch.__version__} {transformers.__version__}\n")
