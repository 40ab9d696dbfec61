"""The fleet as answers: the latest scan of a watcher, filtered, ranked and written as JSON."""
