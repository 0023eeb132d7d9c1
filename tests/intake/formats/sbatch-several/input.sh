#!/bin/bash -l
#SBATCH -J tune
#SBATCH -N 2 --ntasks-per-node=4
#SBATCH --gres=gpu:a100:4   # four each
##SBATCH --mem=10G
export OMP_NUM_THREADS=1
#SBATCH --mem=99G
export OMP_NUM_THREADS=8
export NCCL_DEBUG="INFO"  # remark
srun python tune.py
