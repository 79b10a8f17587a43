"""The model against the data: residuals, likelihood, and functions of one vector."""
