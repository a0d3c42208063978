"""The floors of docs/design.md, held by reading every import: a rule nobody checks decays."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "aggregator"

FLOORS = {
    "model": 0,
    "errors": 0,
    "durable": 0,
    "parse": 1,
    "process": 1,
    "publish": 1,
    "config": 2,
    "fetch": 2,
    "store": 2,
    "crawl": 3,
    "schedule": 4,
    "serve": 4,
    "export": 4,
    "document": 2,  # the front door of parse: aggregator/parse/__init__.py and __main__.py
    "app": 5,
    "reload": 5,
    "generation": 6,
    "daemon": 7,
    "cli": 8,
    "__main__": 9,
}
# What may be imported on one's own floor, or is forbidden below it.
MAY_ALSO = {("config", "parse"), ("document", "parse"), ("document", "process")}
NEVER = {
    ("crawl", "config"),
    ("crawl", "publish"),
    ("serve", "crawl"),
    ("export", "crawl"),
    ("store", "parse"),
    ("store", "process"),
}
NEVER |= {("store", "publish"), ("fetch", "parse"), ("fetch", "process"), ("fetch", "publish")}
NEVER |= {("config", "process"), ("config", "publish")}

PURE_PARTS = ("parse", "process", "publish", "model")
IMPURE = {
    "asyncio",
    "aiohttp",
    "aiosqlite",
    "sqlite3",
    "sqlalchemy",
    "random",
    "logging",
    "structlog",
    "socket",
}
IMPURE |= {"time", "secrets", "subprocess", "threading", "os", "pathlib", "anyio"}
KNOWN_TO = {
    "feedgen": {"publish"},
    "apscheduler": {"schedule"},
    "sqlalchemy": {"store"},
    "aiosqlite": {"store"},
    "sqlite3": {"store", "export"},
    "alembic": {"store"},
    "nh3": {"process"},
    "pypinyin": {"process"},
    "feedparser": {"parse"},
    "prometheus_client": {"serve"},
    "protego": {"fetch"},
    "click": {"cli"},
    "jinja2": {"publish", "config"},
    "jmespath": {"parse"},
    "selectolax": {"parse", "process"},
    "yaml": {"publish"},
    "trafilatura": {"parse"},
}


def part_of(path: Path) -> str:
    relative = path.relative_to(ROOT)
    if relative.parts[0] == "parse" and relative.name in ("__init__.py", "__main__.py"):
        return "document"
    return relative.parts[0].removesuffix(".py")


def modules() -> Iterator[tuple[Path, str, ast.Module]]:
    for path in sorted(ROOT.rglob("*.py")):
        if path == ROOT / "__init__.py":
            continue
        yield path, part_of(path), ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "imports are absolute"
            if node.module == "aggregator":
                yield from (f"aggregator.{alias.name}" for alias in node.names)
            else:
                yield node.module


CASES = [pytest.param(path, part, tree, id=str(path.relative_to(ROOT))) for path, part, tree in modules()]


@pytest.mark.parametrize(("path", "part", "tree"), CASES)
def test_imports_only_go_down(path: Path, part: str, tree: ast.Module) -> None:
    for name in imports(tree):
        if not name.startswith("aggregator."):
            continue
        target = name.split(".")[1]
        if target == "__version__":
            continue
        if target == part or (part == "document" and target == "parse"):
            continue
        assert target in FLOORS, f"{path}: {target} has no floor"
        down = FLOORS[target] < FLOORS[part] and (part, target) not in NEVER
        assert down or (part, target) in MAY_ALSO, f"{path}: {part} imports {name}"


@pytest.mark.parametrize(("path", "part", "tree"), CASES)
def test_pure_parts_touch_no_world(path: Path, part: str, tree: ast.Module) -> None:
    if part not in PURE_PARTS:
        return
    for name in imports(tree):
        assert name.split(".")[0] not in IMPURE, f"{path}: {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in ("now", "utcnow", "today"), f"{path}:{node.lineno} reads the clock"


@pytest.mark.parametrize(("path", "part", "tree"), CASES)
def test_a_third_party_package_is_known_to_one_part(path: Path, part: str, tree: ast.Module) -> None:
    for name in imports(tree):
        owners = KNOWN_TO.get(name.split(".")[0])
        assert owners is None or part in owners, f"{path}: {name}"


def _cleans_up(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


@pytest.mark.parametrize(("path", "part", "tree"), CASES)
def test_everything_is_caught_in_one_place_only(path: Path, part: str, tree: ast.Module) -> None:
    if path == ROOT / "crawl" / "engine.py":
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and not _cleans_up(node):
            caught = ast.walk(node.type) if node.type else [ast.Name("bare")]
            names = {each.id for each in caught if isinstance(each, ast.Name)}
            assert not names & {"Exception", "BaseException", "bare"}, f"{path}:{node.lineno}"


@pytest.mark.parametrize(("path", "part", "tree"), CASES)
def test_a_file_holds_one_idea(path: Path, part: str, tree: ast.Module) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, f"{path}: look for the second idea"
    assert ast.get_docstring(tree), f"{path}: why does it exist?"
