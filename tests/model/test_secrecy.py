"""What of an address may be shown."""

from __future__ import annotations

import pytest

from aggregator.model.secrecy import without_secrets


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
