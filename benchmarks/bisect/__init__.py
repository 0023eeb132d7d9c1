"""How often `bisect` names the culprit, and in how many trials."""
