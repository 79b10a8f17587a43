"""Which array library is in use, and nothing else: the only room that asks whether xp is NumPy or JAX."""
