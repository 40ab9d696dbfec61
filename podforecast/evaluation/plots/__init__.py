"""The pictures of an evaluation: one function each, from figures to a Matplotlib figure."""
