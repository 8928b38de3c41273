"""The commands other than the probe agent."""
