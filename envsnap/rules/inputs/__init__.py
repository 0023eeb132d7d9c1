"""Rules on what a program is given: weights, data, configuration, seeds, and what it printed."""
