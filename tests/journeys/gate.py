"""A gate between browser and server: it holds requests back, refuses some, or hands out another worker."""

from __future__ import annotations

import socket
import threading

BUFFER = 65_536
SCRIPT = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nService-Worker-Allowed: /app/\r\n"
    b"Content-Length: %d\r\n\r\n%s"
)


class Gate:
    """Passes everything from its own port on to the server's; while it is shut, POST /sync waits.

    `worker`: what is handed out as /sw.js instead of the server's. `refused`: how those requests begin whose
    connection is cut, as by a network that breaks.
    """

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.worker: bytes | None = None
        self.refused: bytes | None = None
        self.open = threading.Event()
        self.open.set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections, and let go of what waits."""
        self.open.set()
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                browser, _ = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.server_port))
            for source, sink in ((browser, server), (server, browser)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(BUFFER):
                if self.refused is not None and data.startswith(self.refused):
                    return
                if data.startswith(b"POST /sync"):
                    self.open.wait()
                if self.worker is not None and data.startswith(b"GET /sw.js"):
                    source.sendall(SCRIPT % (len(self.worker), self.worker))
                else:
                    sink.sendall(data)
        except OSError:
            pass  # either side is gone; so is the connection
        finally:
            source.close()
            sink.close()
