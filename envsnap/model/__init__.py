"""What envsnap knows about an environment: typed, frozen records and their file format."""
