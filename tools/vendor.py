"""Fetch the front-end files that others made, cut them to our pages, and record what they are.

``./dev vendor`` runs this. The results are committed, so neither ``./dev run`` nor a reader's
browser ever asks another host for them.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from fontTools.subset import Options, Subsetter, parse_unicodes
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

FONTS = Path(__file__).parent.parent / "app" / "static" / "fonts"
PACKAGE = "fontpkg-source-serif-4"
VERSION = "4.4"
WHEEL_SHA256 = "6c33ac5d27b0396b0ed228e400d9c7ee4445c359ce21b3d8d9b9723e8c5c49a7"
SOURCE = "fontpkg_source_serif_4/files/SourceSerif4[opsz,wght].ttf"
LICENCE = "fontpkg_source_serif_4/LICENSE"
# The licence reserves the word "Source" for unchanged files; ours are cut.
OWN_NAME = "Patron Desk Serif"
AXES = {"wght": (400, 400, 700), "opsz": (14, 14, 60)}
FEATURES = ["kern", "liga", "mark", "mkmk", "ccmp", "locl", "lnum", "tnum", "pnum"]
LIMIT_BYTES = 90_000
RANGES = {
    # The hryvnia sign stands among the figures, so it comes with them.
    "latin": "U+0-FF,U+131,U+152-153,U+2BB-2BC,U+2C6,U+2DA,U+2DC,U+2000-206F,U+20AC,U+20B4,"
    "U+2122,U+2190-2193,U+2212,U+2215",
    "latin-ext": "U+100-130,U+132-151,U+154-17F,U+218-21B,U+1E9E",
    "cyrillic": "U+301,U+400-45F,U+490-491,U+4B0-4B1,U+2116",
}


def main() -> int:
    """Write the font files, their licence and the record; returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="patron-vendor-") as folder:
        wheel = _download(Path(folder))
        with zipfile.ZipFile(wheel) as archive:
            source = Path(archive.extract(SOURCE, folder))
            licence = archive.read(LICENCE)
        FONTS.mkdir(parents=True, exist_ok=True)
        (FONTS / "LICENSE").write_bytes(licence)
        files = [_cut(source, script, ranges) for script, ranges in RANGES.items()]
    record = {
        "family": "Source Serif 4",
        "named inside": OWN_NAME,
        "licence": "OFL-1.1, see LICENSE beside this file",
        "package": PACKAGE,
        "version": VERSION,
        "package sha256": WHEEL_SHA256,
        "axes": {tag: [low, high] for tag, (low, _, high) in AXES.items()},
        "features": FEATURES,
        "files": files,
    }
    (FONTS / "vendored.json").write_text(json.dumps(record, indent=2) + "\n")
    return 0


def _download(folder: Path) -> Path:
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{WHEEL_SHA256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-cache-dir", "--no-deps"]
    subprocess.run([*command, "--require-hashes", "-r", wanted, "-d", folder], check=True)
    return next(folder.glob("*.whl"))


def _cut(source: Path, script: str, ranges: str) -> dict[str, str | int]:
    font = TTFont(source, recalcTimestamp=False)
    options = Options(layout_features=FEATURES, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14])
    options.notdef_outline, options.hinting = True, False
    cutter = Subsetter(options)
    cutter.populate(unicodes=parse_unicodes(ranges.replace("U+", "")))
    cutter.subset(font)
    font = instantiateVariableFont(font, AXES)
    for name_id, text in {1: OWN_NAME, 4: OWN_NAME, 3: f"{OWN_NAME} {script} {VERSION}"}.items():
        font["name"].setName(text, name_id, 3, 1, 0x409)
    font["name"].setName(OWN_NAME.replace(" ", ""), 6, 3, 1, 0x409)
    font.flavor = "woff2"
    target = FONTS / f"source-serif-4-{script}.woff2"
    font.save(target)
    content = target.read_bytes()
    if len(content) >= LIMIT_BYTES:
        raise SystemExit(f"{target.name} has {len(content)} bytes, the limit is {LIMIT_BYTES}.")
    print(f"{target.name}: {len(content)} bytes, {len(font.getGlyphOrder())} glyphs")
    digest = hashlib.sha256(content).hexdigest()
    return {"name": target.name, "bytes": len(content), "sha256": digest, "unicode-range": ranges}


if __name__ == "__main__":
    raise SystemExit(main())
