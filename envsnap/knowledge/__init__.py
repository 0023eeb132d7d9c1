"""Tables of facts with their sources, and their loader."""
