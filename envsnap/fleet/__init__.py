"""Many hosts: who is in the fleet, how they are reached, which kinds there are, and the store."""
