"""The documentation keeps up with the parameters and with the files it links to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from expertgen.params.yamlfile import read_yaml

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
_ENTRY = re.compile(r"^\| `([a-z0-9_.]+)` \| `([^`]*)` \|", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def leaves(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted key → value, of all that is no mapping."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


@pytest.fixture(scope="module")
def parameters() -> dict[str, Any]:
    return leaves(read_yaml(ROOT / "params.yaml", "params.yaml"))


@pytest.fixture(scope="module")
def entries() -> list[tuple[str, str]]:
    return _ENTRY.findall((ROOT / "docs" / "parameters.md").read_text(encoding="utf-8"))


def test_each_parameter_is_explained_once(parameters, entries):
    assert sorted(key for key, _ in entries) == sorted(parameters)


def test_the_defaults_are_those_of_the_parameter_file(parameters, entries, tmp_path):
    stated = tmp_path / "stated.yaml"
    stated.write_text("".join(f"{key}: {default}\n" for key, default in entries), encoding="utf-8")
    assert read_yaml(stated, "docs/parameters.md") == parameters


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_lead_somewhere(page):
    targets = [link.split("#")[0] for link in _LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    paths = [(page.parent / target).resolve() for target in targets if target]
    assert not [str(path.relative_to(ROOT)) for path in paths if not path.exists()]
