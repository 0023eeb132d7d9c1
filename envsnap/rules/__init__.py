"""What changes mean: one rule a file, an explicit registry, and the engine."""
