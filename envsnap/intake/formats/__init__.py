"""Foreign files: one format a module, recognised by content, never by name alone."""
