"""The `diskarray` command."""
