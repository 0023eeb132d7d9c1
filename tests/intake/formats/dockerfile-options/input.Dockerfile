ARG CUDA=12.6.3
ARG BASE=nvidia/cuda:${CUDA}-devel-ubuntu24.04
FROM ${BASE} AS base
ENV PATH=/opt/a/bin OMP_NUM_THREADS=4
ENV NCCL_DEBUG WARN
RUN pip install --no-binary flash-attn --progress-bar off torch==2.6.0 "numpy<3"
FROM base
ENV PATH=/opt/b/bin:$PATH
ENV OMP_NUM_THREADS=8
RUN uv pip install --system --no-build-isolation-package deepspeed transformers==4.50.0
CMD ["python3"]
