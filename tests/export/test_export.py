"""``export`` as users run it: what is written, what is left alone, and what a crash leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import unquote, urldefrag

import feedparser
import pytest
from lxml import html

from tests.origin import ThreadedOrigin
from tests.program import Program, configuration, rss

FORMATS = ("html", "jekyll", "hexo", "feeds")
Shape = dict[str, tuple[bytes, int]]


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
    listed = program.folder / "site" / ".aggregator-export.json"
    sections = json.loads(listed.read_bytes())
    digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"  # of "x"
    sections["hexo"] |= {"../victim.txt": {"sha256": digest}, str(victim): {"sha256": digest}}
    listed.write_text(json.dumps(sections))
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
    assert [path.name for path in (tmp_path / "site").glob(".*")] == [".aggregator-export.json"]
