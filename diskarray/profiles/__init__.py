"""What the dust looks like: where it is, how it scatters, how it polarizes."""
