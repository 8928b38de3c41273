"""Sockets, and the formats of packets and messages."""
