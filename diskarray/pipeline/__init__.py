"""From a configuration file to a fit and its products."""
