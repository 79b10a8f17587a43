"""What the telescope does to the light: point-spread functions and convolution."""
