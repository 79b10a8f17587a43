"""The line-of-sight integral of singly scattered light, and where to put its quadrature nodes."""
