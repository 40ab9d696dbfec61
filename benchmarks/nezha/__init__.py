"""External check: measurements of a cluster that is not ours, with faults that others injected."""
