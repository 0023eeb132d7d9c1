"""Rules on the libraries that compute and decode."""
