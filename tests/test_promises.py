"""docs/promises.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
TEXT = (TESTS.parent / "docs" / "promises.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([a-z_/]+\.py)(?:::(\w+))?`", TEXT)))


def test_every_promise_names_a_test() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and "---" not in line]
    rows = [line for line in rows if not line.startswith("| what may happen |")]
    assert len(rows) > 30
    assert all(re.search(r"\| `[^|]+\.py[^|]*` \|$", line) for line in rows)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_the_tests_are_there(file: str, name: str) -> None:
    text = (TESTS / file).read_text(encoding="utf-8")
    assert re.search(rf"^(async )?def {name or 'test_'}", text, re.MULTILINE)
