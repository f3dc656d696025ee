"""A web server that says its version, and how often it errs, to Prometheus."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION, ERROR_RATIO = os.environ["VERSION"], os.environ["ERROR_RATIO"]
METRICS = f'# TYPE model_error_ratio gauge\nmodel_error_ratio{{version="{VERSION}"}} {ERROR_RATIO}\n'


class Answer(BaseHTTPRequestHandler):
    """Answers every path: metrics on /metrics, the version on all others."""

    def do_GET(self) -> None:
        """Answer one request."""
        body = (METRICS if self.path == "/metrics" else VERSION).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the log empty: a probe asks every second."""


ThreadingHTTPServer(("", 8080), Answer).serve_forever()
