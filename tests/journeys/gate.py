"""A gate between browser and server that can hold requests back, for what is only seen while one waits."""

from __future__ import annotations

import socket
import threading

BUFFER = 65_536


class Gate:
    """Passes everything from its own port on to the server's; while it is shut, POST /sync waits."""

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
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
                if data.startswith(b"POST /sync"):
                    self.open.wait()
                sink.sendall(data)
        except OSError:
            pass  # either side is gone; so is the connection
        finally:
            source.close()
            sink.close()
