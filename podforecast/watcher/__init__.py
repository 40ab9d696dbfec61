"""Scans a fleet again and again, and keeps what was forecast and what happened."""
