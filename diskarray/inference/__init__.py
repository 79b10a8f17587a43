"""Search: from a posterior to a best fit with its uncertainties."""
