# syntax=docker/dockerfile:1
ARG CUDA=12.4.1
FROM python:3.11-slim AS wheels
RUN pip wheel -w /w torch==2.0.0

FROM nvidia/cuda:${CUDA}-runtime-ubuntu22.04 AS base
ENV DEBIAN_FRONTEND=noninteractive \
    OMP_NUM_THREADS=4
ENV PATH=/opt/venv/bin:$PATH
RUN apt-get update && apt-get install -y python3 python3-pip && rm -rf /var/lib/apt/lists/*
RUN pip3 install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cu124 \
    torch==2.4.0+cu124 "transformers>=4.44,<5" accelerate && \
    python3 -m pip install -r requirements.txt
COPY --from=wheels /w /w

FROM base
ENV HF_HOME=/models
CMD ["python3", "serve.py"]
