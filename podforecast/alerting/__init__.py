"""Who is told about pods at risk, and when."""
