"""``file:`` addresses: the operator's own files read like any source, with the same limits.

The digest of the content serves as ETag, so that an untouched file is "not modified" and one rewritten
within the clock's granularity is not missed.
"""

from __future__ import annotations

import asyncio
import hashlib
import stat
import time
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote

from aggregator.errors import NetworkError, RefusedError
from aggregator.model.http import FetchRequest, FetchResult
from aggregator.model.source import Validators


def is_local(url: str) -> bool:
    """Whether an address of the configuration names a file."""
    return url[:5].lower() == "file:"


async def fetch(request: FetchRequest, directory: str) -> FetchResult:
    """Read the file off the loop. Raises NetworkError when it cannot be read and RefusedError when it
    is too large, no regular file, or on another host."""
    return await asyncio.to_thread(_read, request, directory)


def path_of(url: str, directory: str) -> Path:
    """The path that a ``file:`` address names (RFC 8089), relative ones below ``directory``."""
    rest = url[len("file:") :]
    if rest.startswith("//"):
        host, slash, rest = rest[2:].partition("/")
        if host.lower() not in ("", "localhost"):
            raise RefusedError("files of other hosts are not read")
        rest = slash + rest
    name = unquote(rest)
    if not name or "\0" in name:
        raise RefusedError("the file: address names no file")
    return Path(directory) / name


def _read(request: FetchRequest, directory: str) -> FetchResult:
    started = time.monotonic()
    path = path_of(request.url, directory)
    limit = request.max_body_bytes
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe or a device could wait for ever
            raise RefusedError(f"{path.name} is no regular file")
        with path.open("rb") as file:
            body = file.read(limit + 1)
            changed = path.stat().st_mtime
    except OSError as error:
        raise NetworkError(f"{path.name} cannot be read: {error.strerror}") from None
    if len(body) > limit:
        raise RefusedError(f"{path.name} is larger than {limit} bytes")
    validators = Validators(
        url=request.url,
        etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        last_modified=formatdate(changed, usegmt=True),
    )
    result = FetchResult(
        url=request.url,
        status=200,
        headers={},
        body=body,
        validators=validators,
        elapsed_s=time.monotonic() - started,
        wire_bytes=len(body),
    )
    old = request.validators
    if old is not None and (old.url, old.etag) == (validators.url, validators.etag):
        return replace(result, status=304, body=b"", not_modified=True, wire_bytes=0)
    return result
