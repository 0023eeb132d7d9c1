"""Rules on frameworks and what belongs to them."""
