"""What envsnap costs, before a round of work and after it, beside its peers."""
