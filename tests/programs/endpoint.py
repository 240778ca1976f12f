"""A local server that speaks the protocol of chat completions, with answers that a test gives it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-local-test"


class Endpoint:
    """`answers[i]` is what the i-th request gets, the last one again and again: a text; a status with a JSON value or
    raw bytes; or None, which hangs up."""

    def __init__(self, answers: list[Any]) -> None:
        self.answers, self.requests, self.keys = answers, [], []  # type: ignore[var-annotated]

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
        self.requests.append(body)
        self.keys.append(handler.headers.get("Authorization"))
        if answer is None:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        status, content = answer if isinstance(answer, tuple) else (200, completion(answer))
        if handler.path != "/v1/chat/completions":
            status, content = 404, {"error": {"message": f"no {handler.path}"}}
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("retry-after-ms", "1")
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)


def completion(text: str | None) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "local-model-2",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }  # fmt: skip


@contextmanager
def serving(endpoint: Endpoint) -> Iterator[dict[str, str]]:
    """The environment that leads to the endpoint, which is served until the block ends."""
    respond: Callable[[BaseHTTPRequestHandler], None] = endpoint.respond

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            respond(self)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_address[1]}/v1"
            yield {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY, "OPENAI_MODEL": "local-model"}
        finally:
            server.shutdown()
            thread.join()
