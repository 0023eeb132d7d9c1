"""From a manifest to a pinned build context: plan, instructions, rendering, files."""
