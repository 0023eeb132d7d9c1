"""How well secrets are told from settings, in both directions, on made-up values."""
