#!/bin/sh
# Written by envsnap 0.1.0. Read it before you run it.
# It makes prod (prod.json) like dev (dev.json) in what the findings name, worst first.
# Variables hold in a shell that reads it: . ./NAME
# Set PYTHON to the interpreter of the environment that is to change.
install() {
    : "${PYTHON:?set it to the interpreter of the environment that is to change}"
    if command -v uv >/dev/null 2>&1; then uv pip install --python "$PYTHON" "$@"
    else "$PYTHON" -m pip install "$@"; fi
}
uninstall() {
    : "${PYTHON:?set it to the interpreter of the environment that is to change}"
    if command -v uv >/dev/null 2>&1; then uv pip uninstall --python "$PYTHON" "$@"
    else "$PYTHON" -m pip uninstall -y "$@"; fi
}

# 1. error: weights model.pt: another file
# by hand: Copy the file from the side where it is right, and compare its SHA-256.
# 2. warning: the seed torch: 42 -> 7
# by hand: Set the same seed on both sides.
# 3. warning: torch is built for CUDA 11.7, on the other side for 11.3
# by hand: Install the build of torch that the reference has.
# 4. warning: tritonserver 2.29.0 -> 2.24.0
# by hand: Use tritonserver 2.29.0.
# 5. warning: NVIDIA driver 525.60.13 -> 470.182.03
# by hand: Use driver branch 525, or a newer one.
# 6. warning: torch 1.13.1 -> 1.12.0+cu113
# 7. warning: Python 3.9.16 -> 3.8.10
# by hand: Use Python 3.9.16.
install torch==1.13.1
# Left out: 2 findings of severity info.
