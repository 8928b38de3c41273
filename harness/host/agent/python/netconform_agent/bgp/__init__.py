"""A BGP speaker for messages that a router does not send: IPv4, AS numbers of two octets, no capabilities."""
