"""What envsnap knows as files of other tools: one form a file, from records and findings."""
