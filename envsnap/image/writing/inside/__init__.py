"""Programs that a build runs in a stage of its own; the build context holds copies of them."""
