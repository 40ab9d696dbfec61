"""What a Prometheus lacks for good forecasts, what that costs, and how to get it."""
