"""The built-in example: an image like that of HR 4796A, its configuration and its true values."""
