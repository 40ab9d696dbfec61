"""Campaigns: seeded faults and look-alikes over a lab cluster, recorded by a real Prometheus."""
