"""Whom a feed believes, and who it is: TLS out of secrets that never touch a disk."""

import os
import ssl
from datetime import UTC, datetime


class _TidySocket(ssl.SSLSocket):
    """Closes when the handshake fails, which paho leaves to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def tls_context(ca: bytes | None, client: bytes | None) -> ssl.SSLContext:
    """Verify the broker by this authority or by the system's; show a client certificate. ValueError for a bad PEM."""
    try:
        context = ssl.create_default_context(cadata=ca.decode() if ca else None)
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise ValueError("the certificate authority (ca) is not a PEM certificate") from error
    context.sslsocket_class = _TidySocket
    if client:
        # OpenSSL reads chain and key from a file only: one in memory, which no other program and no disk ever sees.
        descriptor = os.memfd_create("client", os.MFD_CLOEXEC)
        try:
            with os.fdopen(os.dup(descriptor), "wb") as file:
                file.write(client)
            context.load_cert_chain(f"/proc/self/fd/{descriptor}", password=_no_password)
        except ssl.SSLError as error:
            raise ValueError("the client secret must hold a PEM certificate and its unencrypted key") from error
        finally:
            os.close(descriptor)
    return context


def _no_password() -> str:
    """Stand in for OpenSSL's question on the terminal."""
    return ""


def shown_until(connection: object) -> datetime | None:
    """Until when the certificate is good that the other side of a connection showed; None without TLS."""
    shown = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
    if not shown or "notAfter" not in shown:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
