"""A failure's text -> evidence: what it says, who owns what it names, and which facts show it."""
