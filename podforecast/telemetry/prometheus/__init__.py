"""Prometheus, and whatever else answers its HTTP API: Thanos, Mimir, VictoriaMetrics."""
