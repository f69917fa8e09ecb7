"""The one HTTP client of all adapters: bounded in time and in size, silent about URLs."""

from __future__ import annotations

import json
import logging
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, NoReturn

import httpcore
import httpx

from dbsbm.providers.deadline import DeadlineBackend, deadline
from dbsbm.providers.errors import BadAnswer, ProviderError, Unavailable

_CORE_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    OSError,
)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back, whatever its status.

    Attributes:
        headers: Names are case-insensitive.
        elapsed: Seconds from the call to the last byte.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed: float


@cache
def _trust() -> ssl.SSLContext:
    """Return the certificates that every transport of the process trusts; reading them is slow."""
    return httpx.create_ssl_context(trust_env=False)


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _DeadlineTransport(httpx.BaseTransport):
    """httpx over a connection pool whose sockets obey `deadline`."""

    def __init__(self) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=_trust(),
            max_connections=20,
            max_keepalive_connections=10,
            keepalive_expiry=15,
            network_backend=DeadlineBackend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        response = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    def close(self) -> None:
        self._pool.close()


class Transport:
    """GETs with a total deadline and a largest body. Safe to share between threads.

    Make one in each process: sockets must not be shared over a fork. Redirects are not followed,
    because a key in a header would go along to wherever they point.

    Args:
        deadline_seconds: From the call to the last byte, connecting included.
        connect_seconds: For connecting alone.
        max_body: Largest body in bytes, after decompression.
    """

    def __init__(
        self,
        *,
        deadline_seconds: float = 10.0,
        connect_seconds: float = 3.0,
        max_body: int = 8 * 1024 * 1024,
    ) -> None:
        # httpx logs every URL at INFO; some providers want their key in the URL.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._deadline = deadline_seconds
        self._max_body = max_body
        self._client = httpx.Client(
            transport=_DeadlineTransport(),
            timeout=httpx.Timeout(deadline_seconds, connect=connect_seconds, pool=connect_seconds),
            headers={"accept": "application/json", "user-agent": "dbsbm"},
            follow_redirects=False,
            trust_env=False,
        )

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str],
        headers: Mapping[str, str],
        provider: str,
    ) -> HttpAnswer:
        """Return the answer, of whatever status.

        Raises:
            Unavailable: No connection, no answer within the deadline, or a broken one.
            BadAnswer: The body is larger than `max_body` or cannot be decompressed.
        """
        answer = self._attempt(url, params, headers, provider)
        # Raised outside of any `except`: the client's own error holds the request with its headers,
        # and would travel along as the context of ours.
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    def _attempt(
        self, url: str, params: Mapping[str, str], headers: Mapping[str, str], provider: str
    ) -> HttpAnswer | ProviderError:
        started = time.monotonic()
        try:
            with (
                deadline(self._deadline),
                self._client.stream("GET", url, params=params, headers=headers) as response,
            ):
                body = self._read(response)
                elapsed = time.monotonic() - started
                if body is None:
                    return self._too_large(provider)
                return HttpAnswer(response.status_code, response.headers, body, elapsed)
        except (httpx.TimeoutException, httpcore.TimeoutException):
            return Unavailable(
                f"{provider} did not answer within {self._deadline:g} s.", provider=provider
            )
        except httpx.DecodingError:
            return BadAnswer(f"{provider} sent a body that does not unpack.", provider=provider)
        except (httpx.HTTPError, *_CORE_ERRORS) as error:
            return Unavailable(
                f"No working connection to {provider} ({type(error).__name__}).", provider=provider
            )

    def _read(self, response: httpx.Response) -> bytes | None:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > self._max_body:
                return None
        return bytes(body)

    def _too_large(self, provider: str) -> BadAnswer:
        return BadAnswer(
            f"{provider} sent more than {self._max_body // 1024} KiB; the answer was dropped.",
            provider=provider,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def decode_json(answer: HttpAnswer, provider: str) -> Any:
    """Return the JSON of an answer, with every fraction as a Decimal.

    Raises:
        BadAnswer: It is empty, a web page, cut short, or not JSON.
    """
    if not answer.body.strip():
        raise BadAnswer(f"{provider} sent an empty answer.", provider=provider)
    kind = answer.headers.get("content-type", "")
    if "html" in kind or answer.body.lstrip()[:1] == b"<":
        raise BadAnswer(f"{provider} sent a web page instead of data.", provider=provider)
    # As above, raised outside of the `except`: a decoder's error holds the whole document.
    with suppress(ValueError, RecursionError):
        return json.loads(answer.body, parse_float=Decimal, parse_constant=_no_constant)
    raise BadAnswer(f"{provider} sent data that is cut short or not JSON.", provider=provider)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
