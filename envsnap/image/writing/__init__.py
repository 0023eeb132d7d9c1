"""Plan to build context: instructions, Dockerfile, files."""
