"""Programs of hosts, and copies of them."""
