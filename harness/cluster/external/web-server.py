"""Answers every GET with the address of the client, so that a test sees which source address arrived."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class ClientAddress(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = (self.client_address[0] + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), ClientAddress).serve_forever()
