"""The newsroom's own colour, and what derives from it in light and dark, checked for contrast."""

from __future__ import annotations

import re

PAPER = {"light": "#f9f6ef", "dark": "#161512"}
INK = {"light": "#1b1a18", "dark": "#ece6da"}
TEXT_CONTRAST = 4.5
_HEX = re.compile(r"#[0-9a-f]{6}")


class UnreadableColour(ValueError):
    """The accent cannot be read on our paper; the message gives the contrast it has."""


def tokens(accent: str) -> dict[str, dict[str, str]]:
    """The tokens that derive from an accent, by scheme.

    Raises UnreadableColour for what is no colour or stands out less than 4.5 to 1 on paper.
    """
    if not _HEX.fullmatch(accent):
        raise UnreadableColour(f"{accent} is no colour of the form #0b5563")
    ratio = contrast(accent, PAPER["light"])
    if ratio < TEXT_CONTRAST:
        raise UnreadableColour(f"{accent} has a contrast of {ratio:.1f} on paper; 4.5 is needed")
    bright = _until_readable(accent, PAPER["dark"])
    return {
        "light": {
            "accent": accent,
            "on-accent": _on(accent),
            "tint": mix(accent, PAPER["light"], 0.10),
            "mild": mix(accent, PAPER["light"], 0.45),
            "gain-1": accent,
            "gain-2": mix(accent, PAPER["light"], 0.73),
            "gain-3": mix(accent, PAPER["light"], 0.45),
            "heat": accent,
        },
        "dark": {
            "accent": bright,
            "on-accent": _on(bright),
            "tint": mix(bright, PAPER["dark"], 0.12),
            "mild": mix(bright, PAPER["dark"], 0.40),
            "gain-1": mix(bright, PAPER["dark"], 0.72),
            "gain-2": bright,
            "gain-3": mix(bright, "#ffffff", 0.55),
            "heat": mix(bright, PAPER["dark"], 0.85),
        },
    }


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two colours, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mix(colour: str, ground: str, share: float) -> str:
    """So much of a colour over a ground, in sRGB."""
    pairs = zip(_channels(colour), _channels(ground), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def _until_readable(colour: str, ground: str) -> str:
    """The same hue, lighter, until it reads as text on a dark ground with room to spare."""
    for step in range(20):
        lighter = mix(colour, "#ffffff", 1 - step * 0.05)
        if contrast(lighter, ground) >= 8:
            return lighter
    return "#ffffff"


def _on(colour: str) -> str:
    return max(("#ffffff", "#08191d"), key=lambda text: contrast(text, colour))


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.03928 else float(((value + 0.055) / 1.055) ** 2.4)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
