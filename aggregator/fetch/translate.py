"""Turns the HTTP library's exceptions into ours, with words for the operator.

The words are our own: the library's may repeat what the server sent, or the address with its secrets.
"""

from __future__ import annotations

import errno
import os
import ssl

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from aggregator.errors import FetchError, NetworkError, RefusedError
from aggregator.fetch.body import CUT_OFF

# All that a request can raise, besides our own errors and cancellation. HttpProcessingError is no
# ClientError, and normally wrapped; TimeoutError and bare OSErrors come through from the sockets.
RAISED = (aiohttp.ClientError, HttpProcessingError, TimeoutError, OSError)

# These come of octets that a server sent, though it may not be the one that was wanted. TLS is no exception:
# a connection that closes before its certificate is one that was reset.
_ANSWERS = (
    aiohttp.ClientPayloadError,
    aiohttp.ClientResponseError,
    HttpProcessingError,
    aiohttp.ClientSSLError,
    ssl.SSLError,
    aiohttp.ServerFingerprintMismatch,
)

_WORDS = {
    errno.ECONNREFUSED: "the connection was refused",
    errno.ECONNRESET: "the connection was reset",
    errno.EPIPE: "the connection was reset",
    errno.ENETUNREACH: "the network cannot be reached",
    errno.EHOSTUNREACH: "the host cannot be reached",
    errno.ETIMEDOUT: "the connection timed out",
    errno.EMFILE: "too many open files here",
}


def translate(error: Exception, host_port: str) -> FetchError:
    """Our error for one of `RAISED`, naming the host it was about."""
    refused = _refused(error)
    if refused is not None:
        return RefusedError(f"{host_port}: {refused}")
    return NetworkError(f"{host_port}: {_what_happened(error)}", reached=isinstance(error, _ANSWERS))


def _refused(error: Exception) -> str | None:
    match error:
        case aiohttp.TooManyRedirects():
            return "too many redirects"
        case aiohttp.NonHttpUrlClientError():
            return "only http and https addresses are fetched"
        case aiohttp.InvalidURL() | aiohttp.RedirectClientError():
            return "the address is not valid"
    return None


def _what_happened(error: Exception) -> str:
    match error:
        case aiohttp.ConnectionTimeoutError():
            return "no connection in time"
        case aiohttp.SocketTimeoutError():
            return "the server fell silent"
        case TimeoutError():
            return "the answer did not come in time"
        case aiohttp.ClientConnectorDNSError():
            return "the host name cannot be resolved"
        case aiohttp.ClientConnectorCertificateError():
            return _certificate(error.certificate_error)
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return "no secure connection (TLS) could be made"
        case aiohttp.ServerFingerprintMismatch():
            return "the TLS certificate is not the expected one"
        case aiohttp.ClientPayloadError():
            return f"{CUT_OFF} or its framing is broken"
        case aiohttp.ServerDisconnectedError():
            return "the server closed the connection without an answer"
        case aiohttp.ClientResponseError() | HttpProcessingError():
            return "the answer is not valid HTTP"
        case OSError():
            return _system(error)
        case aiohttp.ClientConnectionError():
            return "the connection failed"
    return "the request failed"


def _certificate(error: Exception) -> str:
    why = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else ""
    return "the TLS certificate was not accepted" + (f": {why}" if why else "")


def _system(error: OSError) -> str:
    number = error.errno
    if not isinstance(number, int) or number <= 0:
        return "the connection failed"  # the resolver's and the library's own, without a number
    if number in _WORDS:
        return _WORDS[number]
    return f"the connection failed: {os.strerror(number)}"
