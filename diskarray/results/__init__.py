"""What a search or a sampler found: frozen, on disk, and read back."""
