"""What the two pages that everybody meets weigh on the way, and the fonts beside them."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
import requests

from tests.journeys.scenario import Newsroom
from tests.journeys.site import PATIENCE

LARGEST_PAGE = 30_000
LARGEST_FONT = 90_000
LARGEST_SHEET = 20_000
PARTS = re.compile(r'<(?:link rel="stylesheet" href|script src)="([^"]+)"')
STATIC = Path(__file__).parents[2] / "app" / "static"


@pytest.mark.parametrize("language", ["en", "uk"])
@pytest.mark.parametrize("path", ["/", "/join"])
def test_page_style_and_script_are_light(newsroom: Newsroom, path: str, language: str) -> None:
    html = _read(newsroom, f"{path}?lang={language}")
    parts = [_read(newsroom, part) for part in PARTS.findall(html.decode())]

    assert len(parts) >= 2
    assert sum(len(gzip.compress(part)) for part in [html, *parts]) < LARGEST_PAGE


def test_fonts_are_light_and_the_sheet_of_readers_is_short() -> None:
    fonts = list((STATIC / "fonts").glob("*.woff2"))

    assert len(fonts) >= 2
    assert [font.name for font in fonts if font.stat().st_size >= LARGEST_FONT] == []
    assert (STATIC / "css" / "reader.css").stat().st_size < LARGEST_SHEET


def _read(newsroom: Newsroom, path: str) -> bytes:
    answer = requests.get(newsroom.site.url + path, timeout=PATIENCE)
    assert answer.status_code == 200, path
    return answer.content
