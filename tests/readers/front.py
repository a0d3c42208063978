"""A reverse proxy between one reader and our server: passes everything on and keeps a record."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit

WAIT_S = 20.0  # less than readers wait
OF_ONE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "host", "date", "server"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and the status that it got, 502 if there was no answer. Header names are in lower case."""

    path: str
    headers: dict[str, str]
    status: int


class Front:
    """``base`` is the address for the reader, ``exchanges`` the record, in order of arrival. ``behind``,
    the address of our server, may change: a server that is started again has another port."""

    def __init__(self, behind: str) -> None:
        self.behind = behind
        self.exchanges: list[Exchange] = []
        front = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                sent = dict(self.headers.items())
                named = {k: v for k, v in sent.items() if k.lower() not in OF_ONE_CONNECTION}
                connection = HTTPConnection(urlsplit(front.behind).netloc, timeout=WAIT_S)
                try:
                    connection.request("GET", self.path, headers=named)
                    answer = connection.getresponse()
                    status, fields, body = answer.status, answer.getheaders(), answer.read()
                except (OSError, HTTPException):
                    status, fields, body = 502, [], b""
                finally:
                    connection.close()
                lower = {name.lower(): value for name, value in sent.items()}
                front.exchanges.append(Exchange(path=self.path, headers=lower, status=status))
                self.send_response(status)
                for name, value in fields:
                    if name.lower() not in OF_ONE_CONNECTION:
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Quietly."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="front")
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Front:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join(WAIT_S)
        self._server.server_close()
