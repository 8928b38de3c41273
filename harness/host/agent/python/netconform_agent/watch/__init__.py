"""Sees packets, and what rules do to them, in several network namespaces at once."""
