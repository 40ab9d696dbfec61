"""The JSON of the service, shared with the dashboard's client; one module per group of routes."""
