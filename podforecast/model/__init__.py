"""From a dataset to a calibrated probability: candidates, splits, threshold, artefact, scorer."""
