"""Reads facts out of binary files and of /proc/.../maps, without loading or running them."""
