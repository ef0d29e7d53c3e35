"""Delivery of answers: the HTML frame, compression, and security headers."""

import re
from collections.abc import Callable
from html import escape
from typing import Any, Final
from urllib.parse import urlencode

import flask
from dash import Dash
from flask_compress import Compress

from dash_app.language import LANGUAGES, language, preferred
from dash_app.pictures import HEIGHT, WIDTH, Preview

_TEXTS: Final = (
    "text/html",
    "text/css",
    "text/csv",
    "text/javascript",
    "application/javascript",
    "application/json",
    "application/geo+json",
    "image/svg+xml",
)
INDEX: Final = """<!DOCTYPE html>
<html lang="%%lang%%">
<head>
{%metas%}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>%%title%%</title>
<link rel="icon" type="image/svg+xml" href="/assets/favicon.svg">
<meta name="description" content="%%description%%">
<meta property="og:type" content="website">
<meta property="og:site_name" content="%%site%%">
<meta property="og:title" content="%%title%%">
<meta property="og:description" content="%%description%%">
<meta property="og:url" content="%%url%%">
<meta property="og:image" content="%%image%%">
<meta property="og:image:width" content="%%width%%">
<meta property="og:image:height" content="%%height%%">
<meta name="twitter:card" content="summary_large_image">
{%css%}
</head>
<body>
<noscript><div class="no-answer">
<h2>%%no_script%%</h2><p><strong>%%title%%</strong></p><p>%%description%%</p><p>%%no_script_do%%</p>
</div></noscript>
<div id="no-answer" class="no-answer" role="alert" hidden>
<h2>%%no_answer%%</h2><p>%%no_answer_do%%</p><button class="chip" type="button" id="again">%%again%%</button>
</div>
{%app_entry%}
<div class="dash-scripts">{%config%}{%scripts%}{%renderer%}</div>
</body>
</html>"""
_POLICY: Final = {
    "default-src": "'self'",
    "script-src": "'self'",
    # Mantine and Dash write style elements and attributes.
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


_SPARED: Final = "/dash_table/"
"""Dash's own table, which is nowhere on the site."""
_STATIC: Final = ("/_dash-component-suites/", "/assets/")


class _StaticFiles:
    """The cache of Flask-Compress: static files (8 MB, 2 MB compressed)."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self._kept.get(key)

    def set(self, key: str, value: bytes) -> None:
        if not key.endswith(";"):
            self._kept[key] = value


def compress(server: flask.Flask) -> None:
    """Compress answers; static files are compressed once."""
    server.config["COMPRESS_ALGORITHM"] = ["br", "gzip"]
    server.config["COMPRESS_ALGORITHM_STREAMING"] = ["br"]  # it has no gzip for downloads, which are streamed
    server.config["COMPRESS_MIMETYPES"] = [*_TEXTS]
    server.config["COMPRESS_CACHE_BACKEND"] = _StaticFiles
    server.config["COMPRESS_CACHE_KEY"] = _static_key
    Compress(server)


def _static_key(request: flask.Request) -> str:
    return request.full_path if request.path.startswith(_STATIC) else ""


class LightDash(Dash):
    """Omits a script that no page needs."""

    def interpolate_index(self, **parts: Any) -> str:  # type: ignore[override]
        parts["scripts"] = "\n".join(line for line in parts["scripts"].split("\n") if _SPARED not in line)
        return str(super().interpolate_index(**parts))  # type: ignore[no-untyped-call]


def harden(app: Dash, describe: Callable[[str, str, str | None], Preview]) -> None:
    """Add the headers to every answer, and to the document its language and what its page is.

    `describe` is given path, query and Accept-Language.
    """
    hashes: list[str] = []

    @app.server.after_request  # type: ignore[untyped-decorator]
    def finish(response: flask.Response) -> flask.Response:
        if response.is_streamed and flask.request.path.startswith(_STATIC):
            # Flask-Compress does not close a streamed file, and caches only complete bodies.
            response.direct_passthrough = False
            file: Any = response.response
            response.set_data(b"".join(response.iter_encoded()))
            file.close()
        if not hashes:  # the inline scripts are known once Dash has set itself up
            hashes.extend(app.csp_hashes())
        if response.status_code in (200, 304) and (kept := _kept_for(flask.request)):
            response.headers["Cache-Control"] = kept
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", _policy(hashes))
        if response.mimetype == "text/html" and not response.direct_passthrough:
            asked, accepted = flask.request.args.get("lang"), flask.request.headers.get("Accept-Language")
            code = asked if asked in LANGUAGES else preferred(accepted)
            shown = describe(flask.request.path, flask.request.query_string.decode(errors="replace"), accepted)
            response.set_data(_spoken(response.get_data(as_text=True), code, shown))
            response.headers["Vary"] = "Accept-Language"
        return response


def _spoken(document: str, code: str, shown: Preview) -> str:
    """The document with its texts in a language, for networks, for browsers without scripts or for no answer."""
    word = language(code)
    query = urlencode({"of": flask.request.path, "search": "?" + flask.request.query_string.decode(errors="replace")})
    words = {
        "title": escape(shown.title),
        "description": escape(shown.description(word)),
        "url": escape(flask.request.url),
        "image": escape(f"{flask.request.url_root}picture.png?{query}&lang={code}"),
        "width": str(WIDTH),
        "height": str(HEIGHT),
        "lang": code,
        "no_script": word("trouble.no_script"),
        "no_script_do": word("trouble.no_script_do"),
        "no_answer": word("trouble.no_answer"),
        "no_answer_do": word("trouble.no_answer_do"),
        "again": word("trouble.again"),
        "site": word("site.title"),
    }
    return re.sub(r"%%(\w+)%%", lambda found: words[found[1]], document)


def _kept_for(request: flask.Request) -> str | None:
    """Cache header of a static file; None to keep Dash's own.

    Addresses of our own files change with the files (``?m=``). The outlines have one address for all versions.
    """
    if request.path.startswith("/assets/") and "m" in request.args:
        return "public, max-age=31536000, immutable"
    if request.path.startswith("/assets/"):
        return "public, max-age=3600"
    return None


def _policy(hashes: list[str]) -> str:
    rules = _POLICY | {"script-src": " ".join([_POLICY["script-src"], *hashes])}
    return "; ".join(f"{name} {value}" for name, value in rules.items())
