"""What a configuration may say, read strictly, and the objects it describes."""
