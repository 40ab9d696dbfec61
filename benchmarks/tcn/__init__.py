"""A temporal convolutional network on raw windows, beside the model: ``python -m benchmarks.tcn``.

Nothing else needs it, or PyTorch (``requirements/tcn.txt``). Figures are in docs/results.md.
"""
