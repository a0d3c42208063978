"""``export`` as users run it: what is written, what is left alone, and what a crash leaves behind."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from html import escape
from pathlib import Path
from urllib.parse import unquote, urldefrag

import feedparser
import pytest
from lxml import html

from tests.origin import ThreadedOrigin
from tests.program import Daemon, Program, configuration, rss

FORMATS = ("html", "jekyll", "hexo", "feeds")
INDEX = ".aggregator-export.db"
Shape = dict[str, tuple[bytes, int]]
Edit = Callable[[Path], object]


@pytest.fixture
def program(tmp_path: Path, threaded_origin: ThreadedOrigin) -> Program:
    """Two sources with three items, in the store."""
    threaded_origin.serve("/a", rss(("a1", "First"), ("a2", "Second")))
    threaded_origin.serve("/b", rss(("b1", "Other")))
    sources = [source(threaded_origin, "a"), source(threaded_origin, "b")]
    made = Program(tmp_path, configuration(sources))
    assert made.refresh()["exit"] == 0
    return made


def source(origin: ThreadedOrigin, name: str) -> dict[str, str]:
    return {"name": name, "url": origin.url(f"/{name}"), "category": "news/tech", "title": f"Source {name}"}


def export(program: Program, *arguments: str, exit_status: int = 0, folder: str = "site") -> dict[str, int]:
    done = program.run("export", folder, *arguments)
    assert done.returncode == exit_status, done.stderr
    written, unchanged, removed, failed = (int(part.split()[0]) for part in done.stdout.split(", "))
    return {"written": written, "unchanged": unchanged, "removed": removed, "failed": failed}


def shape(folder: Path) -> Shape:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_second_run_changes_no_byte(program: Program, format_name: str) -> None:
    first = export(program, "--format", format_name)
    assert first["written"] > 2
    before = shape(program.folder / "site")
    again = export(program, "--format", format_name)
    assert again == {"written": 0, "unchanged": first["written"], "removed": 0, "failed": 0}
    assert shape(program.folder / "site") == before


@pytest.mark.parametrize("format_name", ["jekyll", "hexo"])
def test_an_updated_item_rewrites_its_file_only(
    program: Program, threaded_origin: ThreadedOrigin, format_name: str
) -> None:
    export(program, "--format", format_name)
    before = shape(program.folder / "site")
    threaded_origin.serve("/a", rss(("a1", "First, corrected"), ("a2", "Second")))
    program.refresh()
    assert export(program, "--format", format_name)["written"] == 1
    after = shape(program.folder / "site")
    changed = [path for path in before if before[path] != after[path] and not path.startswith(".")]
    assert len(changed) == 1
    assert b"First, corrected" in after[changed[0]][0]


@pytest.mark.parametrize("format_name", ["jekyll", "hexo"])
def test_only_items_that_changed_are_made_again(
    program: Program, threaded_origin: ThreadedOrigin, format_name: str
) -> None:
    export(program, "--format", format_name)
    threaded_origin.serve("/a", rss(("a1", "First"), ("a2", "Second"), ("a3", "Third")))
    program.refresh()
    with closing(sqlite3.connect(program.database)) as store:
        # Whoever made every post again would write these as well: only a commit of ours tells of a change.
        store.execute("UPDATE item SET title = title || '!'")
        store.commit()
    assert export(program, "--format", format_name)["written"] == 1


@pytest.mark.parametrize("format_name", FORMATS)
def test_what_expired_is_removed(program: Program, threaded_origin: ThreadedOrigin, format_name: str) -> None:
    export(program, "--format", format_name)
    site = program.folder / "site"
    (site / "mine.txt").write_text("not of the export")
    program.write(configuration([source(threaded_origin, "a")]))
    assert export(program, "--format", format_name)["removed"] > 0
    left = shape(site)
    assert not [path for path in left if "/b" in path]
    assert not [body for body, _ in left.values() if b">Text of Other.<" in body]
    assert left["mine.txt"][0] == b"not of the export"


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("edit", [os.unlink, lambda path: path.write_text("edited")])
def test_a_file_that_somebody_touched_is_made_again(program: Program, format_name: str, edit: Edit) -> None:
    export(program, "--format", format_name)
    before = shape(program.folder / "site")
    files = [program.folder / "site" / path for path in before if not path.startswith(".")]
    for path in (files[0], files[-1]):
        edit(path)
    assert export(program, "--format", format_name)["written"] == 2
    after = shape(program.folder / "site")
    assert {path: body for path, (body, _) in after.items() if path != INDEX} == {
        path: body for path, (body, _) in before.items() if path != INDEX
    }


@pytest.mark.parametrize("format_name", ["jekyll", "hexo"])
def test_another_store_s_items_are_told_apart(
    program: Program, threaded_origin: ThreadedOrigin, format_name: str
) -> None:
    """Items are numbered from 1 in every store: the same number is another item there."""
    export(program, "--format", format_name)
    before = shape(program.folder / "site")
    shutil.rmtree(program.folder / "data")
    threaded_origin.serve("/a", rss(("a1", "First"), ("a2", "Second"), ("a0", "Zeroth")))
    program.refresh()
    report = export(program, "--format", format_name)
    assert (report["failed"], report["removed"]) == (0, 0)
    after = shape(program.folder / "site")
    assert len(after) == len(before) + 1
    export(program, "--format", format_name, folder="fresh")
    fresh = shape(program.folder / "fresh")
    assert {path: body for path, (body, _) in after.items() if path != INDEX} == {
        path: body for path, (body, _) in fresh.items() if path != INDEX
    }


@pytest.mark.parametrize("format_name", ["jekyll", "hexo"])
def test_what_posts_depend_on_beside_items(
    program: Program, threaded_origin: ThreadedOrigin, format_name: str
) -> None:
    sources = [source(threaded_origin, "a"), source(threaded_origin, "b")]
    written = []
    export(program, "--format", format_name)
    sources[0]["title"] = "Another title"
    program.write(configuration(sources))
    written.append(export(program, "--format", format_name)["written"])
    written.append(export(program, "--format", format_name, "--categories", "x")["written"])
    written.append(export(program, "--format", format_name, "--categories", "x")["written"])
    pages = 2 if format_name == "jekyll" else 0  # of the one source, and the home page
    assert written == [2 + pages, 3 + (3 if pages else 0), 0]


def test_the_home_page_has_the_newest_of_each_publisher(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    entries = "".join(
        f"<item><guid>g{n}</guid><title>T{n} &amp;lt;b&amp;gt;</title><link>http://site.example/{n}</link>"
        f"<pubDate>Mon, {n:02} Jun 2020 10:00:00 GMT</pubDate><source url='http://p.example/'>{escape(name)}</source>"
        "</item>"
        for n, name in enumerate(["Plain"] * 7 + ["A & <i>B"] * 2, 1)
    )
    threaded_origin.serve(
        "/a", f"<rss version='2.0'><channel><title>t</title>{entries}</channel></rss>".encode()
    )
    text = configuration([source(threaded_origin, "a")]) + 'publisher = ["source"]\n'
    program = Program(tmp_path, text)
    assert program.refresh()["exit"] == 0
    export(program, "--format", "html")
    page = html.fromstring((tmp_path / "site" / "index.html").read_bytes())
    shown = {
        head.text_content().strip(): [link.text_content() for link in head.getnext().iter("a")]
        for head in page.iter("h3")
    }
    assert shown == {
        "Plain": [f"T{n} <b>" for n in (7, 6, 5, 4, 3)],
        "A & <i>B": ["T9 <b>", "T8 <b>"],
    }


def test_the_configured_exports(program: Program) -> None:
    program.write(
        program.config.read_text()
        + '[[export]]\ndirectory = "one"\nformat = "hexo"\n'
        + '[[export]]\ndirectory = "two"\nformat = "feeds"\nfeed = "source/b"\n'
    )
    done = program.run("export")
    assert done.returncode == 0, done.stderr
    assert [line.split(",")[0] for line in done.stdout.splitlines()] == ["3 files written", "4 files written"]
    assert (program.folder / "one" / "source").is_dir()
    assert (program.folder / "two" / "feeds" / "source" / "b.atom").is_file()


def test_a_daemon_exports_after_each_crawl(program: Program, threaded_origin: ThreadedOrigin) -> None:
    one = source(threaded_origin, "a") | {"every": "1s"}
    program.write(configuration([one]) + '[[export]]\ndirectory = "site"\nformat = "hexo"\n')
    posts = program.folder / "site" / "source" / "_posts"
    with Daemon(program, "run") as daemon:
        daemon.wait_for('"export.done"')
        assert len(list(posts.iterdir())) == 2
        program.write("[site")  # what the daemon has read counts
        threaded_origin.serve("/a", rss(("a1", "First"), ("a2", "Second"), ("a3", "Third")))
        line = json.loads(daemon.wait_for('"export.done"', count=2))
        assert (line["written"], line["unchanged"], line["removed"]) == (1, 2, 0)
        assert len(list(posts.glob("a3-*.md"))) == 1
    assert daemon.status == 0


def test_an_export_that_cannot_be_done_stops_nothing(
    program: Program, threaded_origin: ThreadedOrigin
) -> None:
    (program.folder / "site").write_text("a file where the folder should be")
    tables = [f'[[export]]\ndirectory = "{name}"\nformat = "hexo"\n' for name in ("site", "other")]
    program.write(configuration([source(threaded_origin, "a")]) + "".join(tables))
    with Daemon(program, "run") as daemon:
        assert "File exists" in daemon.wait_for('"export.not_done"')
        daemon.wait_for('"export.done"')
        assert daemon.get("/feeds/all.atom")[0] == 200


def test_feeds_are_those_that_would_be_served(program: Program) -> None:
    export(program, "--format", "feeds")
    site = program.folder / "site"
    for key in ("all", "category/news", "category/news/tech", "source/a", "source/b"):
        for suffix in ("atom", "rss"):
            parsed = feedparser.parse((site / "feeds" / f"{key}.{suffix}").read_bytes())
            assert not parsed.bozo
            assert "First" in [entry.title for entry in parsed.entries] or key == "source/b"
        json.loads((site / "feeds" / f"{key}.json").read_bytes())
    assert b"http://wire.example/feeds/all.atom" in (site / "opml").read_bytes()


def test_every_link_of_a_page_leads_to_a_file(program: Program) -> None:
    export(program, "--format", "html")
    site = program.folder / "site"
    found = 0
    for page in site.rglob("*.html"):
        for _, _, link, _ in html.fromstring(page.read_bytes()).iterlinks():
            if link.startswith(("http://site.example/", "mailto:")):
                continue
            target = (page.parent / unquote(urldefrag(link).url)).resolve()
            assert target.is_file(), (page, link)
            assert target.is_relative_to(site.resolve())
            found += 1
    assert found > 50


def test_one_feed_only(program: Program) -> None:
    assert export(program, "--format", "hexo", "--feed", "source/b")["written"] == 1
    assert export(program, "--format", "feeds", "--feed", "source/b", folder="f")["written"] == 4


def test_two_formats_share_a_folder(program: Program) -> None:
    export(program, "--format", "jekyll")
    before = shape(program.folder / "site")
    assert export(program, "--format", "feeds")["removed"] == 0
    assert export(program, "--format", "jekyll")["written"] == 0
    after = shape(program.folder / "site")
    assert all(after[path] == before[path] for path in before if not path.startswith("."))


def test_templates_are_the_operators(program: Program) -> None:
    export(program, "--format", "jekyll", "--tags", "{{ category | join('\n') }}")
    [post] = (program.folder / "site" / "_posts").glob("*-b1-*.md")
    assert 'tags:\n- "news"\n- "tech"\n' in post.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        ("site", "--format", "pdf"),
        ("site",),
        (),
        ("--format", "hexo"),
        ("site", "--format", "hexo", "--feed", "source/nobody"),
        ("feeds.toml", "--format", "hexo"),
        ("feeds.toml/below", "--format", "hexo"),
        ("site", "--format", "jekyll", "--tags", "{{ open"),
    ],
)
def test_wrong_use_is_status_2(program: Program, arguments: tuple[str, ...]) -> None:
    done = program.run("export", *arguments)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert not (program.folder / "site").exists()


def test_files_of_others_are_left_alone(program: Program) -> None:
    site = program.folder / "site"
    site.mkdir()
    (site / "index.html").write_text("mine")
    assert export(program, "--format", "jekyll", exit_status=1)["failed"] == 1
    assert (site / "index.html").read_text() == "mine"
    assert len(list((site / "_posts").iterdir())) == 3


def test_no_link_leads_out_of_the_folder(program: Program, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    site = program.folder / "site"
    site.mkdir()
    (site / "_posts").symlink_to(outside)
    assert export(program, "--format", "jekyll", exit_status=1)["failed"] == 3
    assert not list(outside.iterdir())


def test_a_forged_list_of_files_removes_nothing_outside(program: Program) -> None:
    victim = program.folder / "victim.txt"
    victim.write_text("x")
    export(program, "--format", "hexo")
    listed = sqlite3.connect(program.folder / "site" / INDEX)
    digest = hashlib.sha256(b"x").digest()
    for path in ("../victim.txt", str(victim)):
        listed.execute(
            "INSERT INTO file (section, path, origin, revision, note, sha256) VALUES (?, ?, '', '', '', ?)",
            ("hexo", path, digest),
        )
    listed.commit()
    listed.close()
    export(program, "--format", "hexo", exit_status=1)
    assert victim.read_text() == "x"
    export(program, "--format", "hexo")


def test_a_place_that_cannot_be_written_harms_no_other(program: Program) -> None:
    site = program.folder / "site"
    (site / "feeds").mkdir(parents=True)
    (site / "feeds" / "source").write_text("a file where a folder should be")
    report = export(program, "--format", "feeds", exit_status=1)
    assert report["failed"] == 6
    assert report["written"] == 10
    (site / "feeds" / "source").unlink()
    assert export(program, "--format", "feeds") == {"written": 6, "unchanged": 10, "removed": 0, "failed": 0}


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_killed_in_the_middle_every_file_is_whole(
    tmp_path: Path, threaded_origin: ThreadedOrigin, share: float
) -> None:
    count = 300
    threaded_origin.serve("/a", rss(*((f"g{n}", f"Title {n}") for n in range(count))))
    program = Program(tmp_path, configuration([source(threaded_origin, "a")]))
    program.refresh()
    export(program, "--format", "hexo", folder="whole")
    whole = {path.name: path.read_bytes() for path in (tmp_path / "whole/source/_posts").iterdir()}
    process = program.start("export", "site", "--format", "hexo", stderr=subprocess.DEVNULL)
    posts = tmp_path / "site/source/_posts"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if posts.is_dir() and len(os.listdir(posts)) >= count * share:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    left = {path.name: path.read_bytes() for path in posts.glob("[!.]*")}
    assert left.items() <= whole.items()
    # Every title changes before the next run: what the crash left must still be known as ours.
    threaded_origin.serve("/a", rss(*((f"g{n}", f"New title {n}") for n in range(count))))
    program.refresh()
    report = export(program, "--format", "hexo")
    assert (report["failed"], report["written"]) == (0, count)
    assert all(b"New title" in path.read_bytes() for path in posts.iterdir())
    assert sorted(path.name for path in posts.iterdir()) == sorted(whole)
    assert [path.name for path in (tmp_path / "site").glob(".*")] == [INDEX]
