"""Addresses: absolute and http(s) for publishing, without tracking, and a normal form for identity.

Follows the WHATWG URL standard's tolerance (https://url.spec.whatwg.org/) where feeds need it. An
address that needs no repair comes back byte for byte: servers compare bytes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, unquote, urljoin

from yarl import URL

MAX_OCTETS = 8000

_CLEAN = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[0-9]{1,4})?(?:[/?#][!#-;=?-\[\]_a-z~]*)?")
_CLEAN_PATH = re.compile(r"/(?![/\\])[!#-;=?-\[\]_a-z~]*")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.\-]*):")
_PARTS = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_AFTER_HOST = re.compile(r"[/?#]")
_PLAIN = re.compile(r"https?:(//[a-z0-9.-]*[a-z0-9-]/[^?#%]+(?:\?[^#%]+)?)")  # has nothing to make normal
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?|\[[0-9a-f:.]+\]")
_HEX = re.compile(r"%[0-9a-fA-F]{2}")
_STRAY_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
_SAFE = "!#$%&'()*+,-./:;=?@[]_~"

# Parameters that name a campaign or a click, never a page. (name, host): the name alone, or with
# "*" at its end every name that starts so; the host, if any, with its subdomains.
_TRACKING: tuple[tuple[str, str], ...] = (
    ("utm_*", ""), ("mtm_*", ""), ("pk_campaign", ""), ("pk_kwd", ""), ("pk_source", ""),
    ("pk_medium", ""), ("piwik_campaign", ""), ("piwik_kwd", ""), ("hsa_*", ""), ("_hsenc", ""),
    ("_hsmi", ""), ("__hstc", ""), ("__hssc", ""), ("__hsfp", ""), ("hsctatracking", ""),
    ("fbclid", ""), ("gclid", ""), ("gclsrc", ""), ("dclid", ""), ("gbraid", ""), ("wbraid", ""),
    ("gad_source", ""), ("gad_campaignid", ""), ("msclkid", ""), ("yclid", ""), ("ysclid", ""),
    ("_openstat", ""), ("twclid", ""), ("ttclid", ""), ("li_fat_id", ""), ("igshid", ""), ("igsh", ""),
    ("mc_cid", ""), ("mc_eid", ""), ("mkt_tok", ""), ("vero_id", ""), ("vero_conv", ""), ("oly_anon_id", ""),
    ("oly_enc_id", ""), ("rb_clickid", ""), ("s_cid", ""), ("wickedid", ""), ("srsltid", ""), ("epik", ""),
    ("ml_subscriber", ""), ("ml_subscriber_hash", ""), ("bsft_clkid", ""), ("bsft_uid", ""),
    ("guce_referrer", ""), ("guce_referrer_sig", ""), ("xtor", ""), ("at_medium", ""), ("at_campaign", ""),
    ("ns_mchannel", ""), ("ns_source", ""), ("ns_campaign", ""), ("ns_linkname", ""), ("ns_fee", ""),
    ("wt.mc_id", ""), ("cmpid", ""), ("wprov", "wikipedia.org"),
    ("si", "youtube.com"), ("si", "youtu.be"), ("feature", "youtube.com"), ("feature", "youtu.be"),
    ("si", "spotify.com"), ("ref_src", "twitter.com"), ("ref_src", "x.com"), ("ref_url", "twitter.com"),
    ("spm", "aliyun.com"), ("spm", "taobao.com"), ("spm", "tmall.com"), ("spm", "alibaba.com"),
    ("spm_id_from", "bilibili.com"), ("vd_source", "bilibili.com"), ("share_source", "bilibili.com"),
    ("share_medium", "bilibili.com"), ("share_session_id", "bilibili.com"), ("from_spmid", "bilibili.com"),
    ("spm", "csdn.net"), ("utm_psn", "zhihu.com"),
)  # fmt: skip
_NAMES = frozenset(name for name, host in _TRACKING if not host and not name.endswith("*"))
_PREFIXES = tuple(name[:-1] for name, host in _TRACKING if not host and name.endswith("*"))
_ON_HOST: dict[str, tuple[str, ...]] = {
    name: tuple(host for other, host in _TRACKING if other == name and host)
    for name, host in _TRACKING
    if host
}


def absolute(url: str | None, base: str | None) -> str | None:
    """``url`` as an absolute http(s) address of at most 8000 octets of ASCII, else None.

    Repairs what browsers repair: white space and control characters, backslashes, ``//host``,
    ``http:/host``, other scripts in host, path and query. User information is removed, since
    credentials are nobody's business. ``base`` is None where relative addresses mean nothing.
    """
    if not url:
        return None
    if _CLEAN.fullmatch(url):
        return url if len(url) <= MAX_OCTETS else None
    if base and "/." not in url and _CLEAN_PATH.fullmatch(url):
        origin = _origin(base)
        return origin + url if origin and len(origin) + len(url) <= MAX_OCTETS else None
    url = _CONTROLS.sub("", url).strip()
    scheme = _SCHEME.match(url)
    if scheme is not None:
        name = scheme[1].lower()
        if name not in ("http", "https"):
            return None
        rest = url[scheme.end() :]
        if rest.startswith(("/", "\\")) or not (base and base.lower().startswith(name + ":")):
            return _repaired(f"{name}://" + rest.lstrip("/\\"))
        url = rest
    if not base or not url:
        return None
    head, mark, tail = _split_path(url)
    try:
        joined = urljoin(base, head.replace("\\", "/") + mark + tail)
    except ValueError:
        return None
    return _repaired(joined)


@lru_cache(maxsize=256)
def _origin(base: str) -> str | None:
    """Scheme, host and port of ``base``; None unless it is http(s)."""
    repaired = absolute(base, None)
    if repaired is None:
        return None
    return "/".join(re.split(r"[/?#]", repaired)[:3])


def _split_path(url: str) -> tuple[str, str, str]:
    """``url`` in front of its first "?" or "#", that mark, and what follows."""
    for index, character in enumerate(url):
        if character in "?#":
            return url[:index], character, url[index + 1 :]
    return url, "", ""


def _repaired(url: str) -> str | None:
    """An address that starts with ``scheme://``, with a legal host and only legal characters."""
    head, mark, tail = _split_path(url)
    found = _PARTS.fullmatch(head.replace("\\", "/") + mark + tail)
    if found is None:
        return None
    authority = _authority(found[2])
    if authority is None:
        return None
    rest = (found[3] or "") + (found[4] or "") + (found[5] or "")
    rest = _STRAY_PERCENT.sub("%25", quote(rest, safe=_SAFE, errors="replace"))
    # "[", "]" are legal in a host only; browsers leave them, and so do we outside of the path.
    repaired = f"{found[1]}://{authority}{rest}"
    return repaired if len(repaired) <= MAX_OCTETS else None


def _authority(text: str) -> str | None:
    """``host`` or ``host:port`` in ASCII and lower case, without user information; None if illegal."""
    text = text.rpartition("@")[2]
    host, colon, port = text.rpartition(":")
    if not colon or "]" in port:
        host, port = text, ""
    if port and not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535):
        return None
    host = host.lower()
    if not host.isascii() or "%" in host:
        try:
            host = (URL.build(scheme="http", host=unquote(host)).raw_host or "").lower()
        except (ValueError, UnicodeError):
            return None
    if not _HOST.fullmatch(host) or ".." in host:
        return None
    return f"{host}:{port}" if port else host


@lru_cache(maxsize=256)  # an entry's link is asked for its identity and for publishing
def without_tracking(url: str) -> str:
    """``url`` without parameters known to track; the others stay in order, byte for byte."""
    if "?" not in url:
        return url if "#" not in url else _without_tracking_fragment(url)
    head, hashmark, fragment = url.partition("#")
    path, _, query = head.partition("?")
    parts = query.split("&")
    kept = [part for part in parts if not _tracks(part, path)]
    if len(kept) != len(parts):
        path += "?" + "&".join(kept) if kept else ""
        url = path + hashmark + fragment
    return _without_tracking_fragment(url) if hashmark else url


def _without_tracking_fragment(url: str) -> str:
    """``url`` without a fragment that holds nothing but campaign parameters ("#xtor=RSS-1")."""
    head, _, fragment = url.partition("#")
    parts = fragment.split("&")
    if all("=" in part and _tracks(part, "") for part in parts):
        return head
    return url


def _tracks(parameter: str, address: str) -> bool:
    """Whether ``name=value`` is a tracking parameter on the host of ``address``."""
    name = parameter.partition("=")[0].lower()
    if "%" in name:
        name = unquote(name)
    if name in _NAMES or name.startswith(_PREFIXES):
        return True
    hosts = _ON_HOST.get(name)
    if not hosts:
        return False
    host = address.partition("://")[2].partition("/")[0].partition(":")[0].lower()
    return any(host == one or host.endswith("." + one) for one in hosts)


def normal_form(url: str) -> str:
    """A form in which two spellings of one address are equal: for comparing, never for fetching.

    http and https are one; host in lower case; default port, tracking parameters, an empty fragment
    and the slash of an empty path are gone. What is no http(s) address comes back stripped.
    """
    repaired = absolute(url, None)
    if repaired is None:
        return url.strip()
    repaired = without_tracking(repaired)
    plain = _PLAIN.fullmatch(repaired)
    if plain is not None:
        return plain[1]
    found = _PARTS.fullmatch(repaired)
    if found is None:
        return url.strip()
    scheme, authority, path, query, fragment = found.groups(default="")
    if authority.endswith(":80" if scheme == "http" else ":443"):
        authority = authority.rpartition(":")[0]
    rest = (
        ("" if path == "/" else path)
        + (query if query != "?" else "")
        + (fragment if fragment != "#" else "")
    )
    if "%" in rest:
        rest = _HEX.sub(lambda hexes: hexes[0].upper(), rest)
    return f"//{authority.removesuffix('.')}{rest}"


def is_home(normal: str) -> bool:
    """Whether a normal form is the root of a host, which says nothing of which entry is meant."""
    return normal.startswith("//") and not _AFTER_HOST.search(normal, 2)
