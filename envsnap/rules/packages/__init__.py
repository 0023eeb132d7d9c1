"""Rules on installed distributions."""
