"""Pages: they read widgets, ask a view model, and place what it says."""
