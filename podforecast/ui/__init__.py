"""The dashboard. It knows the service by its address only."""
