"""Rules on the NVIDIA driver."""
