"""Build context to image, on a Docker Engine."""
