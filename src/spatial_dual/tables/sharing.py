"""Pages that are passed on: what a browser may do with them, and what they do not tell."""

import base64
import hashlib
import re
from collections.abc import Mapping
from html import escape
from typing import Any

_QUOTED = re.compile(r"""(?P<mark>['"])(?:file://)?/[^'"\n]*(?P=mark)""")
_PATH = re.compile(r"""(?<![\w./~…])(?:file://)?/(?!/)[^\s'"`,;:=|<>()\[\]{}]+""")
"""An absolute path: "/" that does not continue a word, an address or a relative path."""


def content_policy(html: str) -> str:
    """A ``meta`` element of a Content-Security-Policy that allows what ``html`` holds itself.

    Its own ``style`` and ``script`` elements, by their SHA-256, and pictures within it; nothing
    from elsewhere, no script that a name or caption might bring in, no form that is sent.
    """
    rules = ["default-src 'none'", "img-src data:", "base-uri 'none'", "form-action 'none'"]
    for element in ("style", "script"):
        digests = (
            hashlib.sha256(content.encode()).digest()
            for content in re.findall(f"<{element}>(.*?)</{element}>", html, re.DOTALL)
        )
        hashes = [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
        if hashes:
            rules.append(f"{element}-src {' '.join(hashes)}")
    content = escape("; ".join(rules))
    return f'<meta http-equiv="Content-Security-Policy" content="{content}">'


def without_places(value: Any, host: str = "") -> Any:
    """JSON-ready data without absolute paths, of which the last part stays, and without a host.

    Args:
        value: mappings, lists, texts and numbers.
        host: name of the machine; its occurrences in texts go too.
    """
    if isinstance(value, str):
        return _text_without_places(value, host)
    if isinstance(value, Mapping):
        return {
            _text_without_places(str(key), host): without_places(inner, host)
            for key, inner in value.items()
        }
    return [without_places(inner, host) for inner in value] if isinstance(value, list) else value


def _text_without_places(text: str, host: str) -> str:
    if text.startswith("/") and "\n" not in text and not re.search(r"\s/", text):
        return _last_part(text)
    text = _QUOTED.sub(lambda m: m["mark"] + _last_part(m[0][1:-1]) + m["mark"], text)
    text = _PATH.sub(lambda m: _last_part(m[0]), text)
    return re.sub(rf"(?<![\w.-]){re.escape(host)}(?![\w-])", "…", text) if host else text


def _last_part(path: str) -> str:
    return f"…/{path.rstrip('/').rpartition('/')[2]}"
