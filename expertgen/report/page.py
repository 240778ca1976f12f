"""Markdown documents as one HTML page that needs nothing else: pictures and videos are inside it."""

from __future__ import annotations

import base64
import html
import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".mp4": "video/mp4"}
_IMAGE = re.compile(r'<img src="([^"]+)" alt="([^"]*)" ?/?>')
_LINK = re.compile(r'<a href="([^"]+)">(.*?)</a>', re.DOTALL)
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem 1.25rem 4rem; }
nav { position: sticky; top: 0; background: Canvas; padding: .6rem 0; border-bottom: 1px solid #8886; }
nav a { margin-right: 1.2rem; white-space: nowrap; }
section { border-bottom: 1px solid #8886; padding-bottom: 1.5rem; scroll-margin-top: 3.5rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; margin: 1rem 0; }
th, td { border: 1px solid #8886; padding: .3rem .6rem; text-align: left; vertical-align: top; }
img { max-width: 100%; height: auto; background: #fff; }
video { width: 100%; max-width: 40rem; display: block; }
figure { margin: 1rem 0; } figcaption { font-size: .9rem; opacity: .8; }
pre { overflow-x: auto; padding: .7rem; background: #8882; } code { font-size: .92em; }
"""


@dataclass(frozen=True)
class Document:
    """A section of the page: Markdown `text` whose relative links start from `folder`."""

    title: str
    text: str
    folder: Path


def html_page(title: str, documents: list[Document]) -> str:
    """The page, with a link to each document at its top.

    Linked pictures and videos that exist are put inside; any other relative link becomes plain text, as it would lead
    nowhere from elsewhere.
    """
    links = "".join(f'<a href="#part{i}">{html.escape(part.title)}</a>' for i, part in enumerate(documents))
    parts = "".join(f'<section id="part{i}">\n{_body(part)}</section>\n' for i, part in enumerate(documents))
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style>"
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n<nav>{links}</nav>\n{parts}</body></html>\n'


def _body(document: Document) -> str:
    # Raw HTML in a document is shown as text: what a stage reports may hold any name.
    rendered = MarkdownIt("commonmark", {"html": False}).enable("table").render(document.text)
    rendered = _IMAGE.sub(lambda found: _image(document.folder, found[1], found[2]), rendered)
    return _LINK.sub(lambda found: _link(document.folder, found[1], found[2]), rendered)


def _image(folder: Path, target: str, caption: str) -> str:
    data = _data(folder, target)
    if data is None:
        return f"<em>{caption}</em>"
    return f'<figure><img src="{data}" alt="{caption}"><figcaption>{caption}</figcaption></figure>'


def _link(folder: Path, target: str, text: str) -> str:
    if target.startswith(("http://", "https://", "#")):
        return f'<a href="{target}">{text}</a>'
    data = _data(folder, target) if target.endswith(".mp4") else None
    return f'{text}<video controls loop muted playsinline src="{data}"></video>' if data else text


def _data(folder: Path, target: str) -> str | None:
    path = folder / html.unescape(target)
    if path.suffix not in _TYPES or not path.is_file():
        return None
    return f"data:{_TYPES[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"
