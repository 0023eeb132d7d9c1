"""Records the models that a command, or the running program, calls."""
