"""Turns probe facts into manifests; secrets are taken out here before anything is written."""
