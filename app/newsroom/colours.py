"""The newsroom's own colour, and what derives from it in light and dark, checked for contrast."""

from __future__ import annotations

import re
from math import cbrt

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
    bright = _lighter(accent, PAPER["dark"], 9.4)
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
            "tint": _surface(accent),
            "mild": _lighter(accent, PAPER["dark"], 3.2),
            "gain-1": _lighter(accent, PAPER["dark"], 5.3),
            "gain-2": bright,
            "gain-3": mix(bright, "#ffffff", 0.50),
            "heat": _lighter(accent, PAPER["dark"], 7.4),
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


def _lighter(colour: str, ground: str, wanted: float) -> str:
    """The same hue and chroma, lighter, until it has this contrast on a dark ground."""
    _, a, b = _to_oklab(colour)
    for step in range(30, 101):
        found = _from_oklab(step / 100, a, b)
        if contrast(found, ground) >= wanted:
            return found
    return "#ffffff"


def _surface(colour: str) -> str:
    """A dark surface with a breath of the accent's hue."""
    _, a, b = _to_oklab(colour)
    return _from_oklab(0.267, 0.42 * a, 0.42 * b)


def _to_oklab(colour: str) -> tuple[float, float, float]:
    """Lightness and the two axes of hue. Source: B. Ottosson, "A perceptual color space"."""
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    long = cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _from_oklab(lightness: float, a: float, b: float) -> str:
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    channels = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(255 * _gamma(channel)):02x}" for channel in channels)


def _on(colour: str) -> str:
    return max(("#ffffff", "#08191d"), key=lambda text: contrast(text, colour))


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.03928 else float(((value + 0.055) / 1.055) ** 2.4)


def _gamma(value: float) -> float:
    value = min(1.0, max(0.0, value))
    return 12.92 * value if value <= 0.0031308 else float(1.055 * value ** (1 / 2.4) - 0.055)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
