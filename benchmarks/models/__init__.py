"""What else was tried: ``python -m benchmarks.models``; the figures are in docs/results.md."""
