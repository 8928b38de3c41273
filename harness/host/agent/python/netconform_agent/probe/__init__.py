"""The probe agent: listens, connects, pings and resolves. harness/host/agent/reach.ts has its results."""
