"""Persons, as feeds write them: "email (Name)", "Name <email>", an address alone, or elements."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aggregator.model.document import Person
from aggregator.parse.elements import Element, Names, Scope, absolute, own_text

# Single words with single spaces between them: nothing to take apart.
_BARE_NAME = re.compile(r"[^\s@():<>?]+(?: [^\s@():<>?]+)*+")


def person(text: str | None) -> Person | None:
    """One person out of a line of text; None where it names nobody. What cannot be told apart is
    the name, whole."""
    if text and _BARE_NAME.fullmatch(text):
        return Person(name=text)
    text = _address_only(" ".join(text.split()) if text else "")
    if not text:
        return None
    if text.endswith(")") and "(" in text:
        outside, _, inside = text[:-1].rpartition("(")
        return _pair(outside.strip(), inside.strip()) or Person(name=text)
    if text.endswith(">") and "<" in text:
        outside, _, inside = text[:-1].rpartition("<")
        return _pair(outside.strip(), inside.strip()) or Person(name=text)
    return Person(email=text) if _is_email(text) else Person(name=text)


def _pair(outside: str, inside: str) -> Person | None:
    """The two parts of "outside (inside)", where one of them is an address or the other empty."""
    outside, inside = outside.strip("\"' "), _address_only(inside.strip("\"' "))
    if _is_email(outside):
        return Person(name="" if inside == outside else inside, email=outside)
    if _is_email(inside):
        return Person(name=outside, email=inside)
    if inside.lower().startswith(("http://", "https://")):
        return Person(name=outside, url=inside)
    if not outside and inside:
        return Person(name=inside)
    return None


def _address_only(text: str) -> str:
    """ "mailto:ada@example.org?subject=Feed" as the address in it; anything else as it is."""
    if text[:7].lower() == "mailto:":
        text = text[7:].strip()
    before, question, _ = text.partition("?")
    return before if question and _is_email(before) else text


def _is_email(text: str) -> bool:
    before, at, after = text.partition("@")
    dotted = "." in after.strip(".")  # or "Brian@Stone" is somebody's name
    return bool(before and at and dotted) and " " not in text and "@" not in after and "/" not in text


def person_element(element: Element, scope: Scope, names: Names) -> Person | None:
    """An Atom person construct (RFC 4287 section 3.2, and Atom 0.3's ``url``), or a bare line."""
    if not len(element):
        return person(element.text)
    scope = scope.within(element)
    found: dict[str, str] = {}
    for child in element:
        local = names[child.tag].partition(":")[2]
        text = own_text(child)
        if text is not None and local in ("name", "uri", "url", "homepage", "email"):
            found.setdefault("uri" if local in ("url", "homepage") else local, text)
    return described(
        name=found.get("name", ""),
        url=absolute(found.get("uri"), scope.base) or "",
        email=found.get("email", ""),
    ) or person(own_text(element))


def described(*, name: str = "", url: str = "", email: str = "", avatar: str = "") -> Person | None:
    """A person whose fields the format names. None where all are empty."""
    email = _address_only(email)
    if url[:7].lower() == "mailto:":
        url, email = "", email or _address_only(url)
    if name and not (url or email or avatar):
        return person(name)  # written by someone who thinks in RSS
    one = Person(name=name, url=url, email=email, avatar=avatar)
    return None if one == Person() else one


def united(ranked: Iterable[tuple[int, Person]]) -> tuple[Person, ...]:
    """The persons of the best (lowest) rank there is, in order, each once: the same name is one
    person, whatever each mention adds."""
    ranked = list(ranked)
    if not ranked:
        return ()
    if len(ranked) == 1:
        return (ranked[0][1],)
    least = min(rank for rank, _ in ranked)
    merged: dict[str, Person] = {}
    for rank, one in ranked:
        if rank != least:
            continue
        key = (one.name or one.email or one.url).casefold()
        known = merged.get(key)
        merged[key] = one if known is None else _joined(known, one)
    return tuple(merged.values())


def _joined(one: Person, other: Person) -> Person:
    return Person(
        name=one.name or other.name,
        url=one.url or other.url,
        email=one.email or other.email,
        avatar=one.avatar or other.avatar,
    )
