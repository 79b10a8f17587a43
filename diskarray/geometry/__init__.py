"""Pure functions between the sky and the disk; the only room where angles are radians."""
