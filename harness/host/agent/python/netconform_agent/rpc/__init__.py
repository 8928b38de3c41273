"""JSON-RPC 2.0, one message a line, as harness/core/rpc speaks it."""
