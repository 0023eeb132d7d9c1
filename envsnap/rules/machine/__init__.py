"""Rules on Python, the machine and its settings."""
