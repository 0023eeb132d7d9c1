"""What a secret is. It runs in the target as well: the standard library, Python 3.6."""
