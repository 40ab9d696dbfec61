"""Clusters to order: simulated telemetry, forecast by the model that answers everything else."""
