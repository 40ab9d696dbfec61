"""Many pods in one request: read in three formats, checked by column, scored at once."""
