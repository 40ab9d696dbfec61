"""Forecasts beyond yes and no: which kind of trouble, and what status a pod will have."""
