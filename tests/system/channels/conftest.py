"""Services on real sockets: the standard library's own web server, and a mail server in a dozen verbs."""

import base64
import http.server
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


@dataclass
class Asked:
    """One request, as it came over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """What is answered; `seconds` passes first, `cut` hangs up instead."""

    body: bytes = b'{"errcode":0,"errmsg":"ok"}'
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    cut: bool = False


class Web:
    """A web server that says what it is told, and remembers what it was asked."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.replies: list[Reply] = []
        self.usual = Reply()
        self.asked: list[Asked] = []
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                web.asked.append(Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                reply = web.replies.pop(0) if web.replies else web.usual
                time.sleep(reply.seconds)
                if reply.cut:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                try:
                    self.send_response(reply.status)
                    for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(reply.body)
                except OSError:
                    self.close_connection = True

            do_GET = do_POST  # noqa: N815 - the library looks for this name

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        scheme = "https" if context else "http"
        self.url = f"{scheme}://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@dataclass(frozen=True)
class Certificate:
    """Of localhost, from an authority of our own."""

    ca: Path
    chain: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("certificate")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=20)

    new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(*new, "-x509", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=our own", "-days", "2",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip
    openssl(*new, "-keyout", "site.key", "-out", "site.csr", "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "site.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "site.pem")  # fmt: skip
    return Certificate(folder / "ca.pem", folder / "site.pem", folder / "site.key")


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    yield server
    server.stop()


@pytest.fixture
def safe_web(certificate: Certificate) -> Iterator[Web]:
    server = Web(certificate.context())
    yield server
    server.stop()


class Mail:
    """A mail server: it takes letters, or refuses as `refuse` says: verb -> answer."""

    def __init__(self, context: ssl.SSLContext, *, implicit: bool) -> None:
        self.letters: list[tuple[str, list[str], bytes]] = []
        self.refuse: dict[str, str] = {}
        self.logins: list[str] = []
        self.said: list[str] = []
        self.hang_after_letter = False
        self._context, self._implicit = context, implicit
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._greet, args=(connection,), daemon=True).start()

    def _greet(self, connection: socket.socket) -> None:
        with suppress(OSError), ExitStack() as open_still:
            open_still.enter_context(connection)
            if self._implicit:
                connection = self._context.wrap_socket(connection, server_side=True)
                open_still.enter_context(connection)
            connection.sendall(b"220-a mail server\r\n220 of two lines\r\n")
            self._talk(connection, safe=self._implicit)

    def _talk(self, connection: socket.socket, *, safe: bool) -> None:
        lines, sender, to = connection.makefile("rb"), "", []
        while line := lines.readline():
            words = line.decode().rstrip("\r\n")
            self.said.append(words)
            verb = words.upper().split(":")[0].split(" ")[0]
            if verb in self.refuse:
                answer = self.refuse[verb]
            elif verb == "EHLO":
                answer = "250-hello\r\n250-8BITMIME\r\n" + ("250 AUTH LOGIN PLAIN" if safe else "250 STARTTLS")
            elif verb == "STARTTLS":
                connection.sendall(b"220 go on\r\n")
                lines.close()
                with self._context.wrap_socket(connection, server_side=True) as tls:
                    return self._talk(tls, safe=True)
            elif verb == "AUTH":
                self.logins.append(base64.b64decode(words.split(" ")[2]).decode())
                answer = "235 welcome"
            elif verb == "MAIL":
                sender, answer = words, "250 ok"
            elif verb == "RCPT":
                to.append(words)
                answer = "250 ok"
            elif verb == "DATA":
                connection.sendall(b"354 go on\r\n")
                letter = b"".join(iter(lines.readline, b".\r\n"))
                if self.hang_after_letter:
                    time.sleep(1.0)
                self.letters.append((sender, to, letter.replace(b"\r\n..", b"\r\n.")))
                answer = "250 taken"
            else:
                answer = "221 bye"
            connection.sendall(answer.encode() + b"\r\n")
        return None


@pytest.fixture
def mail(certificate: Certificate) -> Iterator[Callable[..., Mail]]:
    made: list[Mail] = []

    def make(*, implicit: bool = False) -> Mail:
        made.append(Mail(certificate.context(), implicit=implicit))
        return made[-1]

    yield make
    for each in made:
        each.stop()
