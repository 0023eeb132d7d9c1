"""Faults and other CPUs, and which of them `envsnap compare` tells apart."""
