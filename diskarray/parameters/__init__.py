"""What may vary: declarations of parameters, priors, and the map between a vector and a model."""
