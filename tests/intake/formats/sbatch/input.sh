#!/bin/bash
#SBATCH --job-name=train
#SBATCH -N 4
#SBATCH --gres=gpu:8
#SBATCH --cpus-per-task=16   # per rank
#SBATCH --mem=480G
#SBATCH --output=%x-%j.out
module purge
module load cuda/12.4 nccl/2.21
export OMP_NUM_THREADS=16
export NCCL_DEBUG="INFO"
export MASTER_ADDR=$(scontrol show hostnames $SLURM_JOB_NODELIST | head -n 1)
export HF_HOME=$SCRATCH/hf
srun python train.py
