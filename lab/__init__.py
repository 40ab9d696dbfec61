"""Where things fail for real: a demo app, a node agent on cgroups, and seeded campaigns."""
