"""The same plan for other runtimes: one file each; none is needed for the image."""
