"""The saved model on a stretch of history, beside the rules people run there today."""
