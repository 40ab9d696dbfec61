"""What a model is worth: honest splits, baselines, intervals, canaries, plots and a report."""
