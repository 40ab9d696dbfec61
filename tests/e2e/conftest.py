"""What takes long by waiting begins before all other tests, and is looked at after them."""

from __future__ import annotations


def pytest_collection_modifyitems(items):
    def place(item):
        if item.get_closest_marker("run_first"):
            return 0
        return 2 if item.get_closest_marker("run_last") else 1

    items.sort(key=place)
