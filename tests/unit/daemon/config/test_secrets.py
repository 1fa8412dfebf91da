"""Secrets come from systemd's credentials or a closed folder, and are never shown."""

from pathlib import Path

import pytest

from daemon.config.secrets import LARGEST, SecretError, Secrets


def put(folder: Path, name: str, content: bytes, mode: int = 0o600) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    (folder / name).chmod(mode)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_closed_file_is_read_without_its_line_end(tmp_path: Path, mode: int) -> None:
    put(tmp_path / "secrets", "police", "geheim 密码\r\n".encode(), mode)
    assert Secrets.beside(tmp_path).read("police") == "geheim 密码".encode()


def test_the_site_may_be_given_as_its_file(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("x")
    put(tmp_path / "secrets", "police", b"x")
    assert Secrets.beside(tmp_path / "site.yaml").read("police") == b"x"


def test_another_folder_replaces_the_one_beside_the_site(tmp_path: Path) -> None:
    put(tmp_path / "secrets", "police", b"beside")
    put(tmp_path / "other", "police", b"other")
    assert Secrets.beside(tmp_path, tmp_path / "other").read("police") == b"other"


def test_credentials_of_systemd_come_first_whatever_their_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "credentials", "police", b"from systemd", 0o440)
    put(tmp_path / "secrets", "police", b"beside")
    put(tmp_path / "secrets", "property", b"beside")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    secrets = Secrets.beside(tmp_path)
    assert (secrets.read("police"), secrets.read("property")) == (b"from systemd", b"beside")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666, 0o610])
def test_a_file_that_others_may_use_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    put(tmp_path / "secrets", "police", b"geheim", mode)
    with pytest.raises(SecretError) as caught:
        Secrets.beside(tmp_path).read("police")
    assert caught.value.code == "secret_open"
    assert caught.value.values == {
        "name": "police",
        "mode": f"{mode:04o}",
        "instead": str(tmp_path / "secrets" / "police"),
    }
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "secret_empty"), (b"\n", "secret_empty"), (b"x" * (LARGEST + 1), "secret_large")]
)
def test_a_file_that_cannot_be_a_secret_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    put(tmp_path / "secrets", "police", content)
    with pytest.raises(SecretError) as caught:
        Secrets.beside(tmp_path).read("police")
    assert caught.value.code == code


def test_a_folder_in_place_of_a_secret_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "secrets" / "police").mkdir(parents=True)
    (tmp_path / "secrets" / "police").chmod(0o700)
    with pytest.raises(SecretError) as caught:
        Secrets.beside(tmp_path).read("police")
    assert caught.value.code == "secret_unreadable"


def test_what_is_not_there_is_said_with_the_place_where_it_should_be(tmp_path: Path) -> None:
    with pytest.raises(SecretError) as caught:
        Secrets.beside(tmp_path).read("police")
    assert caught.value.code == "secret_missing"
    assert caught.value.values["instead"] == str(tmp_path / "secrets" / "police")


@pytest.mark.parametrize("name", ["../police", "a/b", "", ".hidden", "/etc/passwd", "x" * 200, "a\n"])
def test_a_name_cannot_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(SecretError) as caught:
        Secrets.beside(tmp_path).read(name)
    assert caught.value.code == "secret_name"


def test_nothing_shows_a_value(tmp_path: Path) -> None:
    put(tmp_path / "secrets", "police", b"geheim")
    secrets = Secrets.beside(tmp_path)
    assert secrets.read("police") == b"geheim"
    assert "geheim" not in f"{secrets!r} {vars(secrets)!r}"


def test_a_secrets_folder_that_is_a_file_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("x")
    with pytest.raises(SecretError) as caught:
        Secrets.beside(tmp_path).read("police")
    assert caught.value.code == "secret_unreadable"
