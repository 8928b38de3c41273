"""Connections that are held."""
