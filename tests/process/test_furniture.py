"""A portal's furniture goes, what readers came for stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.source import Clean
from aggregator.process.furniture import without_furniture
from aggregator.process.sanitize import clean

WIDGETS = (
    "<!--EM_StockImg_Start--><p>　　今日<!--x--><span id='stock_1.600519'>"
    "<a class='keytip' href='//q.example/'>贵州茅台</a></span><span id='quote_1.600519'></span>上涨。</p>"
    "<p style='display:none'>广告</p><p>&nbsp;</p>"
    "<p><img src='/chart.png'></p><div><b></b><p> </p></div>"
)
PORTAL = Clean(
    remove=('[style*="display:none"]',),
    unwrap=('span[id^="stock_"]', "a.keytip"),
    drop_empty=True,
)


def test_a_finance_portal_s_widgets() -> None:
    found = clean(without_furniture(WIDGETS, PORTAL), "https://portal.example/")
    assert found == '<p>　　今日贵州茅台上涨。</p><p><img src="https://portal.example/chart.png"></p>'


@pytest.mark.parametrize(
    ("html", "rules", "expected"),
    [
        ("<p>a <b>x</b> c</p>", Clean(remove=("b",)), "<p>a  c</p>"),
        ("<ul><li>a</li></ul>tail", Clean(unwrap=("ul", "li")), "atail"),
        (
            "a & b <i title='a'>a</i>",
            Clean(replace=(("a", "<o>"),)),
            '&lt;o&gt; &amp; b <i title="a">&lt;o&gt;</i>',
        ),
        (
            "<p> </p><table><tr><td></td></tr></table><br>",
            Clean(drop_empty=True),
            "<table><tbody><tr><td></td></tr></tbody></table><br>",
        ),
        ("<p>a</p>", Clean(remove=("p",)), ""),
        ("<div>a<div>b<div>c</div></div></div>d", Clean(remove=("div", "div div")), "d"),
        ("<b>a<b>b<b>c</b></b></b>d", Clean(unwrap=("b",)), "abcd"),
        ("<a>a</a>", Clean(remove=("a",), replace=(("a", "b"),), drop_empty=True), ""),
        ("a<p>a</p>a<i>a</i>", Clean(replace=(("a", "b"),)), "b<p>b</p>b<i>b</i>"),
        ("", PORTAL, ""),
        ("no markup", PORTAL, "no markup"),
    ],
)
def test_rules(html: str, rules: Clean, expected: str) -> None:
    assert without_furniture(html, rules) == expected


@given(st.text(st.sampled_from("<>/ab p\"'=!-&;"), max_size=80))
def test_nothing_makes_it_fail(html: str) -> None:
    without_furniture(html, Clean(remove=("a",), unwrap=("b",), replace=(("a", "b"),), drop_empty=True))
