"""The open-me page: whole by itself, and safe whatever the documents hold."""

from __future__ import annotations

import re

from expertgen.report.page import Document, html_page


def page(tmp_path, text: str) -> str:
    (tmp_path / "plot.png").write_bytes(b"\x89PNG fake")
    (tmp_path / "film.mp4").write_bytes(b"mp4 fake")
    return html_page("A & B", [Document("First <one>", text, tmp_path), Document("Second", "# Two", tmp_path)])


def test_pictures_and_videos_are_inside(tmp_path) -> None:
    text = page(tmp_path, "![A plot](plot.png)\n\n- [film](film.mp4)\n")
    assert 'src="data:image/png;base64,iVBORyBmYWtl"' in text and "<figcaption>A plot</figcaption>" in text
    assert re.search(r'<video[^>]* src="data:video/mp4;base64,bXA0IGZha2U=">', text)


def test_it_leads_nowhere_but_to_the_web_and_into_itself(tmp_path) -> None:
    text = page(tmp_path, "[a file](other.md) ![gone](gone.png) [site](https://arxiv.org) <script>alert(1)</script>")
    assert set(re.findall(r'(?:src|href)="([^"]*)"', text)) == {"#part0", "#part1", "https://arxiv.org"}
    assert "a file" in text and "<em>gone</em>" in text and "<script>" not in text
    assert "First &lt;one&gt;" in text and "<title>A &amp; B</title>" in text


def test_tables_are_tables(tmp_path) -> None:
    assert "<td>1</td>" in page(tmp_path, "| a | b |\n|---|---|\n| 1 | 2 |\n")
