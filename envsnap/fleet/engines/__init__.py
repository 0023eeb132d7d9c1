"""How each engine's hosts are found and asked, one file an engine."""
