"""Two recordings: where they part, why, and what is not the cause."""
