"""Manifest to plan: every decision, with its reason; no network is needed."""
