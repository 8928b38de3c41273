"""A web server that answers with the address of its client."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class ClientAddress(BaseHTTPRequestHandler):
    """Answers every GET with the address of the client, so that a test sees which source address arrived."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = (self.client_address[0] + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve_web(port: int) -> None:
    """Serves on all IPv4 addresses. Never returns."""
    ThreadingHTTPServer(("0.0.0.0", port), ClientAddress).serve_forever()
