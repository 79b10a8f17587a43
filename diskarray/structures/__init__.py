"""Typed arrays on the sky: masks, grids, images, vectors, and the decorators that choose between them."""
