"""From a posterior to its best fit, with uncertainties."""
