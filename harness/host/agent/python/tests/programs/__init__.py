"""Tests of the programs of hosts."""
