"""Each encoding that feeds use, stated rightly, stated wrongly, or not at all."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.parse.decode import decode

CHINESE = (
    "央行今日公布最新的货币政策，市场普遍认为降息的可能性很大。记者从会议上获悉，有关部门将继续支持小微企业。"
)
TAIWAN = (
    "台北市政府今天宣布，捷運環狀線將於明年通車，市民可以享受更便利的交通服務。記者會上說明了詳細的計畫。"
)
JAPANESE = (
    "東京の天気は晴れです。新しい製品を発表しました。これはテストのためのテキストです。カタカナもあります。"
)
KOREAN = "오늘 서울에서 새로운 정책이 발표되었습니다. 많은 사람들이 관심을 가지고 있습니다. 날씨도 좋습니다."
RUSSIAN = "Сегодня в Москве открылась новая выставка, посвящённая истории русского искусства и культуры."
HEBREW = "היום נפתחה בירושלים תערוכה חדשה העוסקת בתולדות האמנות והתרבות"
GREEK = "Σήμερα άνοιξε στην Αθήνα μια νέα έκθεση για την ιστορία της τέχνης"
THAI = "วันนี้ในกรุงเทพมหานครมีการเปิดนิทรรศการใหม่เกี่ยวกับประวัติศาสตร์ศิลปะ"
TURKISH = "Bugün İstanbul'da yeni bir sergi açıldı; şehir ığdır çiçeği"
FRENCH = (
    "Été à la mer : l'élève a reçu une leçon de français où les règles étaient très sévères. Ça va être là."
)


def xml(text: str, declared: str | None) -> str:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else '<?xml version="1.0"?>'
    return f"{declaration}<rss><channel><title>{text}</title></channel></rss>"


@pytest.mark.parametrize(
    ("text", "label", "codec"),
    [
        (CHINESE, "gb2312", "gb18030"),
        (CHINESE + "镕喆€", "gb2312", "gb18030"),  # beyond GB 2312, and beyond GBK
        (CHINESE + "㐀𠀀", "GBK", "gb18030"),
        (CHINESE, "GB18030", "gb18030"),
        (TAIWAN, "big5", "big5hkscs"),
        (TAIWAN + "裏恒碁", "Big5", "cp950"),  # ETEN's additions
        (JAPANESE, "Shift_JIS", "cp932"),
        (JAPANESE + "①㈱髙", "shift_jis", "cp932"),  # vendor characters
        (JAPANESE, "EUC-JP", "euc_jp"),
        (JAPANESE + "①", "euc-jp", "euc_jis_2004"),
        (JAPANESE, "iso-2022-jp", "iso2022_jp"),
        (KOREAN, "euc-kr", "cp949"),
        (KOREAN + "똠방각하 펲시", "EUC-KR", "cp949"),
        (RUSSIAN, "windows-1251", "cp1251"),
        (RUSSIAN, "koi8-r", "koi8-r"),
        (RUSSIAN, "ibm866", "cp866"),
        (HEBREW, "windows-1255", "cp1255"),
        (GREEK, "iso-8859-7", "iso8859-7"),
        (THAI + "–“”", "tis-620", "cp874"),
        (TURKISH, "iso-8859-9", "cp1254"),
        (FRENCH + "–’€", "ISO-8859-1", "cp1252"),
        (FRENCH, "windows-1252", "cp1252"),
        (FRENCH, "utf8", "utf-8"),
    ],
)
@pytest.mark.parametrize("where", ["declaration", "header"])
def test_a_stated_encoding_is_read_as_its_widest_form(text: str, label: str, codec: str, where: str) -> None:
    document = xml(text, label if where == "declaration" else None)
    header = None if where == "declaration" else f"application/rss+xml; Charset='{label}'".replace("'", '"')

    decoded = decode(document.encode(codec), header, kind="xml")

    assert decoded.text == document
    assert not decoded.damaged


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (CHINESE, "gb18030"),
        (TAIWAN, "big5"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc_jp"),
        (KOREAN, "cp949"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (FRENCH, "cp1252"),
        (FRENCH, "utf-8"),
        ("It\u2019s caf\xe9", "cp1252"),
    ],
)
def test_an_encoding_that_nobody_states_is_detected(text: str, codec: str) -> None:
    document = xml(text * 3, None)
    assert decode(document.encode(codec), "text/xml", kind="xml").text == document


@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
        (b"", "utf-32-le"),
        (b"", "utf-32-be"),
    ],
)
def test_a_mark_or_the_pattern_of_nuls_goes_before_every_label(mark: bytes, codec: str) -> None:
    document = xml(CHINESE, "gb2312")

    decoded = decode(mark + document.encode(codec), "text/xml; charset=iso-8859-1", kind="xml")

    assert (decoded.text, decoded.encoding) == (document, codec)


def test_the_header_goes_before_the_declaration() -> None:
    document = xml(RUSSIAN, "windows-1251")
    assert decode(document.encode("koi8-r"), "text/xml; charset=koi8-r", kind="xml").text == document


@pytest.mark.parametrize("label", ["us-ascii", "gb2312", "euc-jp", "no-such-thing", "utf-7", "cp037", "hex"])
def test_a_header_that_the_bytes_contradict_yields_to_the_declaration(label: str) -> None:
    document = xml(FRENCH + "–’", "windows-1252")

    decoded = decode(document.encode("cp1252"), f"text/xml; charset={label}", kind="xml")

    assert (decoded.text, decoded.encoding) == (document, "cp1252")


@pytest.mark.parametrize("label", ["utf-16", "UTF-16LE", "utf-32", "ucs-2", "utf-7", "unicode_escape"])
def test_a_declaration_that_cannot_be_true_is_ignored(label: str) -> None:
    document = xml(CHINESE + "+ADw-script+AD4- \\x3c", label)
    assert decode(document.encode(), None, kind="xml").text == document


def test_utf7_never_turns_text_into_markup() -> None:
    decoded = decode(b"+ADw-b+AD4-", "text/xml; charset=utf-7", kind="xml")
    assert decoded.text == "+ADw-b+AD4-"


@pytest.mark.parametrize(
    ("text", "label", "codec"),
    [(CHINESE, "utf-8", "utf-8"), (CHINESE, "gb2312", "gb18030"), (JAPANESE, "euc-jp", "euc_jp")],
)
def test_one_bad_byte_costs_one_character(text: str, label: str, codec: str) -> None:
    document = xml(text + "|" + text, label)
    broken = document.encode(codec).replace(b"|", b"\xff")

    decoded = decode(broken, None, kind="xml")

    assert decoded.damaged
    assert decoded.text == document.replace("|", "\ufffd")


def test_a_character_cut_in_half_costs_one_character() -> None:
    cut = (CHINESE + "央").encode("gb18030")[:-1]
    document = xml("|", "gb2312").encode().replace(b"|", cut)
    assert decode(document, None, kind="xml").text == xml(CHINESE + "\ufffd", "gb2312")


def test_text_that_was_encoded_twice_stays_so() -> None:
    document = xml("cafÃ©", "utf-8")
    assert decode(document.encode(), None, kind="xml").text == document


def test_html_declares_in_a_meta_element_and_json_not_at_all() -> None:
    page = f'<html><head><meta charset="gbk"><title>{CHINESE}</title>'
    assert decode(page.encode("gb18030"), "text/html", kind="html").text == page
    text = '{"title": "<?xml encoding=\'koi8-r\'?>é"}'
    assert decode(text.encode(), "application/json", kind="json").text == text


@given(
    st.binary(max_size=300),
    st.one_of(st.none(), st.text(max_size=40), st.sampled_from(["x; charset=gbk", "x;charset=utf-16"])),
    st.sampled_from(["xml", "html", "json"]),
)
def test_nothing_makes_it_raise(data: bytes, content_type: str | None, kind: str) -> None:
    decoded = decode(data, content_type, kind=kind)  # type: ignore[arg-type]
    assert codecs.lookup(decoded.encoding)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff")))
def test_utf8_comes_through_as_it_is(text: str) -> None:
    decoded = decode(text.encode(), None, kind="json")
    assert (decoded.text, decoded.encoding) == (text, "utf-8")


@pytest.mark.parametrize("label", ["iso-8859-1", "windows-1252", "windows-1251", "us-ascii"])
@pytest.mark.parametrize("where", ["declaration", "header"])
def test_utf8_under_a_label_that_fits_any_bytes_is_utf8(label: str, where: str) -> None:
    document = xml("søndag i København", label if where == "declaration" else "utf-8")
    header = f"text/xml; charset={label}" if where == "header" else None

    decoded = decode(document.encode(), header, kind="xml")

    assert (decoded.text, decoded.encoding, decoded.damaged) == (document, "utf-8", False)


def test_bytes_of_the_label_amid_utf8_are_read_as_the_label_says() -> None:
    document = xml("søndag i København og Århus " * 20 + "besøge", "iso-8859-1")
    head, tail = document.split("besø")

    decoded = decode(head.encode() + b"bes\xf8" + tail.encode(), None, kind="xml")

    assert (decoded.text, decoded.encoding, decoded.damaged) == (document, "utf-8", True)
