"""Measured claims: how fast and how big, each beside what the same machine could do at best."""
