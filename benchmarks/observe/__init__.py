"""What observing a run costs."""
