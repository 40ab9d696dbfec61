"""Array functions, and the one function that turns signals into the feature table."""
