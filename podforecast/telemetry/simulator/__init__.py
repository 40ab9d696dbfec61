"""Clusters to order, for demos and for tests of scale; never for figures of quality."""
