"""Mutated inputs for every reader of foreign text: whatever comes, one sentence or a result."""
