"""Sound packs for tests."""

import io
import json
import wave
from pathlib import Path


def _tenth() -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(bytes(1_600))
    return made.getvalue()


WAV = _tenth()
"""A tenth of a second of silence."""


def manifest(**changes: object) -> dict[str, object]:
    """A manifest with one sound; None takes a key away."""
    whole = {
        "cesp_version": "1.0",
        "name": "peon",
        "display_name": "Orc Peon",
        "version": "1.0.0",
        "license": "CC-BY-NC-4.0",
        "author": {"name": "somebody"},
        "icon": "icon.png",
        "categories": {"task.complete": {"sounds": [{"file": "sounds/done.wav", "label": "Work complete."}]}},
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def make_pack(place: Path, **changes: object) -> Path:
    """A pack in a folder of `place`, with changes of its manifest; made anew it keeps its files."""
    said = manifest(**changes)
    folder = place / ("peon" if "/" in str(said["name"]) or " " in str(said["name"]) else str(said["name"]))
    (folder / "sounds").mkdir(parents=True, exist_ok=True)
    (folder / "sounds" / "done.wav").write_bytes(WAV)
    (folder / "README.md").write_text("A pack.\n")
    (folder / "openpeon.json").write_text(json.dumps(said))
    return folder
