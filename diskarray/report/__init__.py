"""One page per run that a reader who did not run it understands."""
