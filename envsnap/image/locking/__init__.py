"""The one file of each distribution, by hash, and the digest of each image; needs a network."""
