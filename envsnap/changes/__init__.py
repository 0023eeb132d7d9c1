"""What changed between two manifests, as paths and values; says nothing about meaning."""
