"""Receive the body of a request: all of it, up to a limit, however the client sends it.

Django reads as many bytes as Content-Length announces. A body that is sent in chunks has no
Content-Length, and Django ignores it; of a body that is cut short, it takes what has arrived.
"""

from __future__ import annotations

import io
import weakref
from tempfile import SpooledTemporaryFile
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import UnreadablePostError
from django.http.request import RawPostDataException
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.request import Request

from dj_actions.conf import get_settings

CHUNK = 64 * 1024
"""Bytes that are read at a time."""

MAX_LENGTH_DIGITS = 20
"""Digits of a Content-Length that are read: int() is slow for thousands."""

CUT_SHORT = "The body is shorter than its Content-Length."


class PayloadTooLarge(APIException):
    """The body is larger than DJ_ACTIONS["MAX_BODY_BYTES"]."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "payload_too_large"


class LengthRequired(APIException):
    """The body is sent in chunks, to a server that does not mark its end."""

    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_detail = "This server cannot read a body in chunks. Send it with a Content-Length."
    default_code = "length_required"


class CompleteStream(io.IOBase):
    """The stream of a body that fails if it ends before the announced length.

    Args:
        stream: the stream.
        length: bytes that were announced.
    """

    def __init__(self, stream: Any, length: int) -> None:
        super().__init__()
        self._stream = stream
        self._missing = length
        self.is_cut_short = False

    def read(self, size: int | None = -1, /) -> bytes:
        """Read a number of bytes, or all.

        Raises:
            UnreadablePostError: the body is cut short.
        """
        wanted = self._missing if size is None or size < 0 else min(size, self._missing)
        parts = []
        while wanted:
            parts.append(self._counted(self._stream.read(wanted)))
            wanted -= len(parts[-1])
        return b"".join(parts)

    def readline(self, size: int | None = -1, /) -> bytes:
        """Read a line.

        Raises:
            UnreadablePostError: the body is cut short.
        """
        if size == 0 or not self._missing:
            return b""
        return self._counted(self._stream.readline(-1 if size is None else size))

    def _counted(self, part: bytes) -> bytes:
        if not part:
            self.is_cut_short = True
            raise UnreadablePostError(CUT_SHORT)
        self._missing -= len(part)
        return part


def receive_body(request: Request) -> None:
    """Prepare the request so that reading its body returns all of it, or fails.

    Raises:
        PayloadTooLarge: it is larger than DJ_ACTIONS["MAX_BODY_BYTES"].
        LengthRequired: it is sent in chunks, and the server does not mark its end.
        ParseError: it is cut short, or its Content-Length is not a number.
    """
    http: Any = request._request
    length = _announced_length(http)
    if length is None:
        _receive_chunks(http)
    elif hasattr(http, "_body"):  # a middleware has read it
        if len(http._body) < length:
            raise ParseError(CUT_SHORT)
    elif length and not http._read_started:
        http._stream = CompleteStream(http._stream, length)


def body_of(request: Request) -> Any:
    """Return the parsed body.

    Raises:
        ParseError: it cannot be parsed, or is cut short.
        PayloadTooLarge: it is larger than DATA_UPLOAD_MAX_MEMORY_SIZE.
    """
    try:
        return request.data
    except RequestDataTooBig as error:  # DATA_UPLOAD_MAX_MEMORY_SIZE
        raise PayloadTooLarge(str(error)) from None
    except SuspiciousOperation as error:  # DATA_UPLOAD_MAX_NUMBER_FIELDS or _FILES
        raise ParseError(str(error)) from None
    except RecursionError:
        raise ParseError("JSON parse error - nested too deeply.") from None
    except (UnicodeError, LookupError) as error:
        raise ParseError(f"The body cannot be decoded - {error}") from None
    except UnreadablePostError as error:
        raise ParseError(str(error)) from None
    except RawPostDataException:
        # Django's check for forged requests has tried to read it before.
        if getattr(request._request._stream, "is_cut_short", False):
            raise ParseError(CUT_SHORT) from None
        raise


def _announced_length(http: Any) -> int | None:
    """Return the Content-Length, None without one."""
    header = str(http.META.get("CONTENT_LENGTH") or "").strip()
    if not header:
        return None
    if not (header.isascii() and header.isdecimal()):
        raise ParseError(f"The Content-Length {header[:MAX_LENGTH_DIGITS]!r} is not a number.")
    length = int(header[:MAX_LENGTH_DIGITS])
    limit = get_settings().max_body_bytes
    if length > limit:
        raise PayloadTooLarge(
            f"The request body has {length} bytes; the maximum is {limit}. "
            "Send less data in one request."
        )
    return length


def _receive_chunks(http: Any) -> None:
    """Receive a body without a Content-Length, and set its length for Django and DRF."""
    if hasattr(http, "environ"):  # WSGI: with ASGI, it has been received already
        # A middleware that has read it found nothing, and perhaps checked a signature of that.
        if http._read_started or not http.environ.get("wsgi.input_terminated"):
            if "HTTP_TRANSFER_ENCODING" in http.META:
                raise LengthRequired
            return
        http._stream = _received(http)
    size = http._stream.seek(0, io.SEEK_END)
    http._stream.seek(0)
    limit = get_settings().max_body_bytes
    if size > limit:
        raise PayloadTooLarge(
            f"The request body has more than {limit} bytes. Send less data in one request."
        )
    if size:
        http.META["CONTENT_LENGTH"] = str(size)


def _received(http: Any) -> Any:
    """Return the body as a file, which ends when the body exceeds the limit."""
    limit, size = get_settings().max_body_bytes, 0
    source = http.environ["wsgi.input"]
    body = SpooledTemporaryFile(max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE)  # noqa: SIM115
    weakref.finalize(http, body.close)
    try:
        while size <= limit and (chunk := source.read(CHUNK)):
            size += body.write(chunk)
    except Exception as error:
        # Each server has exceptions of its own for a body that is cut short or malformed.
        raise ParseError(f"The body cannot be read - {type(error).__name__}.") from error
    return body
