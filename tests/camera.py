"""What a browser's camera sees in tests: a video file with codes in it, made here."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

import segno
from PIL import Image

WIDTH, HEIGHT = 640, 480
FRAMES_A_SECOND = 10


def code(text: str, size: int = 320) -> Image.Image:
    """A picture with a QR code in its middle, `size` dots wide with its quiet zone, on a grey counter."""
    rows = [[255 * (not dark) for dark in row] for row in segno.make(text, micro=False).matrix_iter(border=4)]
    small = Image.new("L", (len(rows[0]), len(rows)))
    small.putdata([dot for row in rows for dot in row])
    picture = empty()
    picture.paste(
        small.resize((size, size), Image.Resampling.NEAREST), ((WIDTH - size) // 2, (HEIGHT - size) // 2)
    )
    return picture


def empty() -> Image.Image:
    """Nothing but the counter."""
    return Image.new("L", (WIDTH, HEIGHT), 150)


def video(scenes: Sequence[str | Image.Image], seconds: float = 1.0) -> Path:
    """A file for Chromium's pretended camera, which plays it over and over: each scene for some seconds.

    A text stands for its QR code. The file is kept for the next test with the same scenes.
    """
    pictures = [code(scene) if isinstance(scene, str) else scene.convert("L") for scene in scenes]
    assert all(picture.size == (WIDTH, HEIGHT) for picture in pictures)
    frames = max(round(seconds * FRAMES_A_SECOND), 1)
    name = hashlib.sha256(
        b"".join(picture.tobytes() for picture in pictures) + str(frames).encode()
    ).hexdigest()
    folder = Path(tempfile.gettempdir()) / "regulars-videos"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name[:24]}.y4m"
    if not path.exists():
        # YUV4MPEG2: a header, then for each frame its grey and its two (here empty) planes of colour.
        grey = bytes([128]) * (WIDTH // 2 * HEIGHT // 2 * 2)
        shown = [b"FRAME\n" + picture.tobytes() + grey for picture in pictures]
        head = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_A_SECOND}:1 Ip A1:1 C420mpeg2\n".encode()
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as whole:
            whole.write(head + b"".join(one * frames for one in shown))
        Path(whole.name).replace(path)  # other processes see all of it or nothing
    return path
