"""Says which versions an image of the article's environment has."""

import torch
import transformers

print(torch.__version__, transformers.__version__)
