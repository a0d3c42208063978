"""Files as sources: the configuration's own, and nobody else's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aggregator.errors import NetworkError, RefusedError
from aggregator.fetch.local import path_of
from tests.fetch.conftest import Get
from tests.origin import Origin


async def test_reads_relative_and_absolute_files(get: Get, tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    file = tmp_path / "a b" / "新闻.xml"
    file.write_bytes(b"<rss/>")
    for url in ("file:a b/新闻.xml", "FILE:a%20b/%E6%96%B0%E9%97%BB.xml", file.as_uri(), f"file:{file}"):
        result = await get(url)
        assert (result.status, result.body, result.url) == (200, b"<rss/>", url)
        assert result.wire_bytes == 6


async def test_an_unchanged_file_is_not_modified(get: Get, tmp_path: Path) -> None:
    file = tmp_path / "f.xml"
    file.write_bytes(b"one")
    stamp = file.stat().st_mtime_ns
    first = await get("file:f.xml")
    again = await get("file:f.xml", validators=first.validators)
    assert (again.status, again.not_modified, again.body) == (304, True, b"")
    assert again.validators == first.validators

    file.write_bytes(b"two")  # same size, and the clock stood still
    os.utime(file, ns=(stamp, stamp))
    changed = await get("file:f.xml", validators=again.validators)
    assert (changed.not_modified, changed.body) == (False, b"two")
    other = await get("file:./f.xml", validators=changed.validators)
    assert not other.not_modified  # validators belong to the address that gave them


async def test_limits_and_failures(get: Get, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"12345")
    assert (await get("file:f", max_body_bytes=5)).body == b"12345"
    with pytest.raises(RefusedError, match="larger than 4"):
        await get("file:f", max_body_bytes=4)
    with pytest.raises(NetworkError, match="none cannot be read: No such file"):
        await get("file:none")
    with pytest.raises(RefusedError, match="no regular file"):
        await get("file:.")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RefusedError, match="no regular file"):
        await get("file:pipe")


@pytest.mark.parametrize("url", ["file:", "file://", "file://host/x", "file:a%00b"])
def test_addresses_that_name_no_file_here(url: str) -> None:
    with pytest.raises(RefusedError):
        path_of(url, "/etc")


def test_localhost_is_here() -> None:
    assert path_of("file://localhost/x/y", "/d") == path_of("file:///x/y", "/d") == Path("/x/y")
    assert path_of("file:x/y", "/d") == Path("/d/x/y")


async def test_never_from_a_redirect(origin: Origin, get: Get, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"secret")
    for location in (file.as_uri(), "file:secret", "FILE:secret"):
        origin.serve("/", redirect=location)
        with pytest.raises(RefusedError, match="file"):
            await get("/")
