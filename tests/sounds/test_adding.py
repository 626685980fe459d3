"""Adding packs: hostile archives are refused with file and key, and leave nothing behind."""

import stat
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from packs import WAV, make_pack

from sounds.cesp.adding import add_pack
from sounds.cesp.problems import PackError
from sounds.cesp.reading import read_pack


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".openpeon" / "packs"


def zipped(tmp_path: Path, top: str = "", **changes: object) -> Path:
    """A pack as an archive."""
    folder, archive = make_pack(tmp_path / "made", **changes), tmp_path / "pack.zip"
    with ZipFile(archive, "w", ZIP_DEFLATED) as file:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                file.write(path, top + str(path.relative_to(folder)))
    return archive


def refused(source: Path, place: Path, *, replace: bool = False) -> str:
    """Why it is refused; nothing of it is there then."""
    before = sorted(place.rglob("*"))
    with pytest.raises(PackError) as caught:
        add_pack(source, place, replace=replace)
    assert sorted(place.rglob("*")) == before
    return str(caught.value)


@pytest.mark.parametrize("top", ["", "peon-main/"])
def test_a_zip_is_added(top: str, tmp_path: Path, place: Path) -> None:
    archive = zipped(tmp_path, top)
    with ZipFile(archive, "a") as file:
        file.writestr("__MACOSX/._x y", "noise")
        file.writestr(f"{top}notes.txt", "not taken along")
    pack = add_pack(archive, place)
    assert pack.root == place / "peon"
    assert {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()} == {
        *("peon/openpeon.json", "peon/README.md", "peon/sounds/done.wav")
    }
    assert read_pack(place / "peon").problems == ()


def test_a_folder_is_added_and_replaced_only_when_asked(tmp_path: Path, place: Path) -> None:
    source = make_pack(tmp_path)
    add_pack(source, place)
    make_pack(tmp_path, version="2.0.0")
    assert "a pack peon is installed already; --replace replaces it" in refused(source, place)
    assert add_pack(source, place, replace=True).version == "2.0.0"
    assert [path.name for path in place.iterdir()] == ["peon"]


def test_what_a_link_inside_leads_to_is_copied(tmp_path: Path, place: Path) -> None:
    source = make_pack(tmp_path)
    (source / "sounds" / "done.wav").rename(source / "sounds" / "real.wav")
    (source / "sounds" / "done.wav").symlink_to("real.wav")
    add_pack(source, place)
    assert not (place / "peon" / "sounds" / "done.wav").is_symlink()
    (source / "README.md").unlink()
    (source / "README.md").symlink_to("/etc/passwd")
    add_pack(source, place, replace=True)
    assert not (place / "peon" / "README.md").exists()


def test_our_own_name_and_a_pack_with_faults_are_refused(tmp_path: Path, place: Path) -> None:
    assert "name: vesper is War Room's own pack" in refused(make_pack(tmp_path, name="vesper"), place)
    broken = make_pack(tmp_path, categories={"task.error": {"sounds": [{"file": "../x.wav", "label": ""}] * 7}})
    told = refused(broken, place)
    assert told.startswith("openpeon.json: categories.task.error.sounds[0].file: ../x.wav: the path leads out")
    assert told.endswith("... and 2 more.")
    assert "there is no such folder or zip" in refused(tmp_path / "none", place)
    (tmp_path / "text.zip").write_text("no zip")
    assert "it is no zip" in refused(tmp_path / "text.zip", place)
    (tmp_path / "empty").mkdir()
    assert "empty is no sound pack" in refused(tmp_path / "empty", place)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("../up.wav", "leads out of the pack"),
        ("peon/../../up.wav", "leads out of the pack"),
        ("/tmp/up.wav", "relative to the pack"),
        ("a b.wav", "only letters"),
        ("x\x1b[2J.wav", "only letters"),
        ("sounds/DONE.wav", "the name comes twice"),
    ],
)
def test_bad_names_in_a_zip(name: str, told: str, tmp_path: Path, place: Path) -> None:
    archive = zipped(tmp_path)
    with ZipFile(archive, "a") as file:
        file.writestr(ZipInfo(name), WAV)
    said = refused(archive, place)
    assert said.startswith("pack.zip: ")
    assert told in said
    assert "\x1b" not in said
    assert not (tmp_path / "up.wav").exists()


def test_a_backslash_in_a_zip(tmp_path: Path, place: Path) -> None:
    archive = zipped(tmp_path)
    with ZipFile(archive, "a") as file:
        entry = ZipInfo("x")
        entry.filename = "sounds\\..\\x.wav"
        file.writestr(entry, WAV)
    assert "write / instead of" in refused(archive, place)


def test_links_and_devices_in_a_zip(tmp_path: Path, place: Path) -> None:
    for kind in (stat.S_IFLNK, stat.S_IFIFO):
        archive = zipped(tmp_path)
        with ZipFile(archive, "a") as file:
            entry = ZipInfo("sounds/link.wav")
            entry.external_attr = (kind | 0o777) << 16
            file.writestr(entry, "/etc/passwd")
        assert "sounds/link.wav: it is a link or a device" in refused(archive, place)


def test_zip_bombs(tmp_path: Path, place: Path) -> None:
    archive = zipped(tmp_path)
    with ZipFile(archive, "a", ZIP_DEFLATED) as file:
        file.writestr("sounds/bomb.wav", bytes(3_000_000))
    assert "sounds/bomb.wav: it unpacks to more than is allowed" in refused(archive, place)
    archive = zipped(tmp_path)
    with ZipFile(archive, "a", ZIP_DEFLATED) as file:
        for number in range(52):
            file.writestr(f"sounds/{number}.wav", bytes(990_000))
    assert archive.stat().st_size < 100_000
    assert "all of them 50,000,000" in refused(archive, place)
    archive = zipped(tmp_path)
    with ZipFile(archive, "a") as file:
        for number in range(3_001):
            file.writestr(f"{number}", "")
    assert "at most 3,000 are allowed" in refused(archive, place)


def test_a_zip_that_lies_about_its_sizes(tmp_path: Path, place: Path) -> None:
    archive = zipped(tmp_path)
    with ZipFile(archive, "a", ZIP_DEFLATED) as file:
        file.writestr("sounds/lie.wav", bytes(2_000_000))
    data = archive.read_bytes()
    small = (4).to_bytes(4, "little")
    archive.write_bytes(data.replace((2_000_000).to_bytes(4, "little"), small))
    said = refused(archive, place)
    assert "cannot be unpacked" in said or "more than is allowed" in said


def test_an_encrypted_zip(tmp_path: Path, place: Path) -> None:
    archive = zipped(tmp_path)
    data = bytearray(archive.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place_of = -1
        while (place_of := data.find(mark, place_of + 1)) >= 0:
            data[place_of + offset] |= 1
    archive.write_bytes(bytes(data))
    assert "it is encrypted" in refused(archive, place)
