"""One topic a file: what the probe gathers, each collector behind a guard."""
