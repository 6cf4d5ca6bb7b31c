from pathlib import Path

import pytest

from spatial_dual.datasets.folders import IncompleteFolderError, verify_folder, write_folder
from tests.datasets.kills import killed_at


def fill_with(content: str):
    def fill(folder: Path) -> None:
        (folder / "part").mkdir()
        (folder / "part" / "a.txt").write_text(content)

    return fill


def test_a_changed_byte_is_named(tmp_path: Path) -> None:
    write_folder(tmp_path / "f", fill_with("abc"))
    verify_folder(tmp_path / "f")
    (tmp_path / "f" / "part" / "a.txt").write_text("abd")
    with pytest.raises(IncompleteFolderError, match=r"part/a\.txt: sha256"):
        verify_folder(tmp_path / "f")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write_folder(tmp_path / "f", fill_with("abc"))
    (tmp_path / "f" / "part" / "a.txt").unlink()
    with pytest.raises(IncompleteFolderError, match=r"part/a\.txt: missing"):
        verify_folder(tmp_path / "f")


def test_files_of_others_are_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "letters.txt").write_text("dear")
    with pytest.raises(FileExistsError, match=r"letters\.txt"):
        write_folder(tmp_path / "f", fill_with("abc"))
    assert (tmp_path / "f" / "letters.txt").read_text() == "dear"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_full_disk_leaves_the_old_folder_and_nothing_else(tmp_path: Path) -> None:
    def fill_until_full(folder: Path) -> None:
        (folder / "half").write_text("half")
        raise OSError(28, "No space left on device")

    write_folder(tmp_path / "f", fill_with("old"))
    with pytest.raises(OSError, match="No space left"):
        write_folder(tmp_path / "f", fill_until_full)
    verify_folder(tmp_path / "f")
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_killed_at_any_moment(tmp_path: Path) -> None:
    for event in range(1000):
        folder = tmp_path / str(event) / "f"
        write_folder(folder, fill_with("old"))
        killed = killed_at(event, lambda folder=folder: write_folder(folder, fill_with("new")))
        assert (verify_folder(folder) / "part" / "a.txt").read_text() in ("old", "new")
        write_folder(folder, fill_with("newer"))
        verify_folder(folder)
        assert (folder / "part" / "a.txt").read_text() == "newer"
        assert [path.name for path in folder.parent.iterdir()] == ["f"]
        if not killed:
            break
    assert 10 < event < 999
