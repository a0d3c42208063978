"""What of an address may be shown."""

from __future__ import annotations

import pytest

from aggregator.model.document import Image
from aggregator.model.secrecy import discreet, without_secrets
from aggregator.model.source import SourceMeta


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/feed?page=2&sort=key", "https://a.example/feed?page=2&sort=key"),
        ("https://me:hunter2@a.example:8443/f", "https://a.example:8443/f"),
        ("https://a.example/f?id=7&token=x&n=1", "https://a.example/f?id=7&token=***&n=1"),
        ("https://a.example/f?API_KEY=x", "https://a.example/f?API_KEY=***"),
        ("https://a.example/f?apikey=x&user-key=y", "https://a.example/f?apikey=***&user-key=***"),
        ("https://a.example/f?access%5Ftoken=x", "https://a.example/f?access%5Ftoken=***"),
        (
            "https://a.example/f?X-Amz-Signature=x&X-Amz-Date=y",
            "https://a.example/f?X-Amz-Signature=***&X-Amz-Date=y",
        ),
        ("https://a.example/f?sig=x&auth=y&password=z", "https://a.example/f?sig=***&auth=***&password=***"),
        (
            "https://a.example/f?keyword=tokens&author=x&token=",
            "https://a.example/f?keyword=tokens&author=x&token=",
        ),
        ("file:secret.xml", None),
        ("https://[broken", None),
    ],
)
def test_credentials_and_keys_are_hidden_and_all_else_stays(url: str, shown: str | None) -> None:
    assert without_secrets(url) == shown


ASKED = "https://a.example/api?page=1&key=1&api%5Fkey=abc%2Fdef+gh"


@pytest.mark.parametrize(
    ("link", "stays"),
    [
        (ASKED, False),
        ("https://a.example/?k=abc%2fdef+gh", False),
        ("https://a.example/abc/def+gh/home", False),
        ("https://b.example/?token=1", False),
        ("https://a.example/?page=1", True),
        ("https://a.example/?token=theirs", True),
        ("https://a.example/", True),
        (None, True),
    ],
)
def test_an_address_that_gives_away_a_key_of_ours_goes(link: str | None, stays: bool) -> None:
    image = Image(url=link or "https://a.example/i.png", link="https://a.example/")
    meta = SourceMeta(title="T", link=link, icon=link, image=image)
    bare = SourceMeta(title="T")
    assert discreet(meta, (None, ASKED)) == (meta if stays else bare)
    assert discreet(meta, ("https://a.example/feed?page=2", None)) is meta


def test_of_an_image_the_link_alone_may_go() -> None:
    image = Image(url="https://a.example/i.png", title="Logo", link=ASKED)
    found = discreet(SourceMeta(image=image), (ASKED,)).image
    assert found == Image(url="https://a.example/i.png", title="Logo", link="")
