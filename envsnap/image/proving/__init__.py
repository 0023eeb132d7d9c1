"""Image against manifest: what is reproduced, what differs, what was announced."""
