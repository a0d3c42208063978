"""Pages that a Jekyll site needs beside its posts: one for each publisher, and the home page.

They are complete documents in no layout, so that they build with any theme. What they show, Jekyll fills
in from the posts: a new post changes no page. Names stand in the front matter only, as YAML, where no
template language reads them.
"""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.publish.mend import scrub_text
from aggregator.publish.posts import Heading, Post, front_matter

HOME = "index.html"
NEWEST_AT_HOME = 5

_TOP = """<!DOCTYPE html>
<html lang="{{ page.lang | escape }}">
<head>
<meta charset="utf-8">
<title>{{ page.title | escape }}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
</head>
<body>
<h1>{{ page.title | escape }}</h1>
"""
_POST = """<li><a href="{{ post.url | relative_url }}">{{ post.title | escape }}</a>
<time datetime="{{ post.date | date_to_xmlschema }}">{{ post.date | date: "%Y-%m-%d %H:%M" }}</time></li>
"""
_END = "</body>\n</html>\n"

_CATEGORY = (
    _TOP
    + '<p><a href="{{ "/" | relative_url }}">{{ page.home | escape }}</a></p>\n<ul>\n'
    + "{% for post in site.categories[page.posts_of] %}"
    + _POST
    + "{% endfor %}</ul>\n"
    + _END
)
_HOME = (
    _TOP
    + "{% for publisher in page.publishers %}"
    + '<h2><a href="{{ publisher.page | relative_url }}">{{ publisher.title | escape }}</a></h2>\n<ul>\n'
    + f"{{% for post in site.categories[publisher.posts_of] limit: {NEWEST_AT_HOME} %}}"
    + _POST
    + "{% endfor %}</ul>\n{% endfor %}"
    + _END
)


def category_page(publisher: Heading, *, site_title: str, language: str | None = None) -> Post:
    """All posts of a publisher, newest first, as ``category/<slug>.html``."""
    values = {
        "layout": None,
        "permalink": _page_of(publisher),
        "title": scrub_text(publisher.name),
        "lang": language or "en",
        "home": scrub_text(site_title),
        "posts_of": publisher.category,
    }
    return Post(path=category_path(publisher), body=(front_matter(values) + _CATEGORY).encode())


def home_page(publishers: Sequence[Heading], *, site_title: str, language: str | None = None) -> Post:
    """The newest five posts of every publisher as ``index.html``, publishers by name."""
    values = {
        "layout": None,
        "title": scrub_text(site_title),
        "lang": language or "en",
        "publishers": [
            {
                "title": scrub_text(publisher.name),
                "page": _page_of(publisher),
                "posts_of": publisher.category,
            }
            for publisher in sorted(publishers, key=lambda each: (each.name, each.slug))
        ],
    }
    return Post(path=HOME, body=(front_matter(values) + _HOME).encode())


def category_path(publisher: Heading) -> str:
    """The path of `category_page`."""
    return _page_of(publisher).lstrip("/")


def _page_of(publisher: Heading) -> str:
    return f"/category/{publisher.slug}.html"
