"""Which Kubernetes pods will fail in the next minutes, how sure we are, and why."""

__version__ = "0.1.0"
