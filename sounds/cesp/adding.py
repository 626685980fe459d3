"""Adding a pack from a folder or a zip: everything is checked before anything of it is where packs are looked for."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo, is_zipfile

from sounds.cesp.finding import OWN
from sounds.cesp.media import FILE_LIMIT, PACK_LIMIT
from sounds.cesp.pack import Pack
from sounds.cesp.problems import PackError, refused
from sounds.cesp.reading import EXTENSION, MANIFEST, read_pack
from sounds.cesp.sounds import name_problem

_ENTRIES_LIMIT = 3_000
_DOCUMENTS = ("README.md", "README", "LICENSE", "LICENSE.md", "LICENSE.txt", "CREDITS.md", "CREDITS")
_PIECE = 65_536


def add_pack(source: Path, folder: Path, *, replace: bool = False) -> Pack:
    """Check the pack in the folder or zip `source` and copy it into `folder`, the place of packs; the pack as it lies
    there. Only its manifest, its sounds and its documents are taken.

    Raises PackError, and OSError where `folder` cannot be written.
    """
    if source.is_dir():
        return _install(source, folder, replace=replace)
    if not source.exists():
        raise refused(str(source), "", "there is no such folder or zip.")
    with _unpacked(source) as inside:
        return _install(inside, folder, replace=replace)


def _install(source: Path, folder: Path, *, replace: bool) -> Pack:
    pack = read_pack(source)
    if pack.problems:
        raise PackError(pack.problems)
    if sum(clip.file.stat().st_size for clip in pack.clips) > PACK_LIMIT:
        raise refused(MANIFEST, "categories", f"its sounds have more than {PACK_LIMIT:,} bytes.")
    target = folder / pack.name
    if pack.name == OWN:
        raise refused(MANIFEST, "name", f"{OWN} is War Room's own pack: give yours another name.")
    if target.exists() and not replace:
        raise refused(MANIFEST, "name", f"a pack {pack.name} is installed already; --replace replaces it.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".adding-") as aside:
        made = Path(aside) / pack.name
        _copy(pack, source, made)
        read_pack(made)
        if target.exists():
            target.rename(Path(aside) / "before")
        made.rename(target)
    return read_pack(target)


def _copy(pack: Pack, source: Path, target: Path) -> None:
    """The files of `pack` that count, as regular files: what a link leads to is copied, not the link."""
    target.mkdir()
    names = [str(clip.file.relative_to(source)) for clip in pack.clips]
    optional = [name for name in (EXTENSION, *_DOCUMENTS) if _is_document(source / name, source)]
    for name in (MANIFEST, *optional, *names):
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, place)


def _is_document(path: Path, root: Path) -> bool:
    return path.is_file() and path.stat().st_size <= FILE_LIMIT and path.resolve().is_relative_to(root.resolve())


@contextmanager
def _unpacked(source: Path) -> Iterator[Path]:
    """The pack's folder of an archive, for as long as it is needed. Raises PackError."""
    if not is_zipfile(source):
        raise refused(source.name, "", "it is no zip. Give a folder or a .zip that holds openpeon.json.")
    with tempfile.TemporaryDirectory(prefix="warroom-pack-") as aside:
        try:
            with ZipFile(source) as archive:
                _unpack(archive, source.name, Path(aside))
        except (BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
            raise refused(source.name, "", f"it cannot be unpacked: {error}.") from error
        yield _root_of(Path(aside))


def _root_of(folder: Path) -> Path:
    """Where the manifest is: at the top, or in the one folder at the top."""
    if (folder / MANIFEST).exists():
        return folder
    below = [path for path in folder.iterdir() if (path / MANIFEST).exists()]
    return below[0] if len(below) == 1 else folder


def _unpack(archive: ZipFile, name: str, target: Path) -> None:
    """Every file of `archive`, counted as it comes: what the archive says of its sizes is not believed."""
    entries = [entry for entry in archive.infolist() if not _is_noise(entry)]
    if len(entries) > _ENTRIES_LIMIT:
        raise refused(name, "", f"it holds {len(entries):,} files; at most {_ENTRIES_LIMIT:,} are allowed.")
    seen: set[str] = set()
    room = PACK_LIMIT
    for entry in entries:
        _require_harmless(entry, name, seen)
        if not entry.is_dir():
            room -= _extract(archive, entry, target / entry.filename, name, room)


def _is_noise(entry: ZipInfo) -> bool:
    """What macOS and Windows leave in archives."""
    return entry.filename.startswith("__MACOSX/") or Path(entry.filename).name in {".DS_Store", "Thumbs.db"}


def _require_harmless(entry: ZipInfo, name: str, seen: set[str]) -> None:
    path = entry.filename.removesuffix("/") if entry.is_dir() else entry.filename
    if problem := name_problem(entry.orig_filename.removesuffix("/") if entry.is_dir() else entry.orig_filename):
        raise refused(name, path, problem)
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise refused(name, path, "it is a link or a device, not a file.")
    if entry.flag_bits & 1:
        raise refused(name, path, "it is encrypted.")
    if path.casefold() in seen:
        raise refused(name, path, "the name comes twice.")
    seen.add(path.casefold())


def _extract(archive: ZipFile, entry: ZipInfo, target: Path, name: str, room: int) -> int:
    """Write one file; its true size."""
    limit = min(FILE_LIMIT, room)
    target.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with archive.open(entry) as source, target.open("xb") as file:
        while piece := source.read(_PIECE):
            size += len(piece)
            if size > limit:
                what = f"one file has at most {FILE_LIMIT:,} bytes, all of them {PACK_LIMIT:,}."
                raise refused(name, entry.filename, f"it unpacks to more than is allowed: {what}")
            file.write(piece)
    os.chmod(target, 0o644)
    return size
