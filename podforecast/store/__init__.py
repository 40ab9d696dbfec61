"""What is kept of forecasts, in SQLite or PostgreSQL. Only here is SQL spoken."""
