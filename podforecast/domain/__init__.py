"""Values only: the standard library and NumPy, no I/O."""
