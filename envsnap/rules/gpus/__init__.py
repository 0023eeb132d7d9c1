"""Rules on GPUs."""
