"""Speed and memory, measured: each figure is one JSON line, ratios come from one run."""
