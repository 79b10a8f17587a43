"""How far draws can be trusted, and what has to hold before they are."""
