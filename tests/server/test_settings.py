"""Settings are checked at start, and a fault says what to do."""

from __future__ import annotations

import pytest

from server.settings import DEFAULT_SECRET, SettingsError, load_settings

LONG = "x" * 48


def test_nothing_has_to_be_set_to_try_it() -> None:
    settings = load_settings({})
    assert settings.database_url == "sqlite:///var/zoufang.db"
    assert settings.port == 8000
    assert not settings.production


def test_var_dir_moves_everything_that_is_stored() -> None:
    settings = load_settings({"VAR_DIR": "/srv/zoufang"})
    assert settings.database_url == "sqlite:////srv/zoufang/zoufang.db"
    assert settings.media_url == "file:/srv/zoufang/media"


@pytest.mark.parametrize("secret", ["", DEFAULT_SECRET, "short"])
def test_production_refuses_a_secret_that_is_none(secret: str) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY"):
        load_settings({"ZOUFANG_ENV": "production", "SECRET_KEY": secret})
    assert load_settings({"ZOUFANG_ENV": "production", "SECRET_KEY": LONG}).production


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://h/d"),
        ("DATABASE_URL", "what"),
        ("PORT", "http"),
        ("PORT", "70000"),
        ("PORT", "８０"),
        ("ZOUFANG_ENV", "prod"),
        ("BASE_URL", "zoufang.example.cn"),
        ("BASE_URL", "https://zoufang.example.cn/app"),
        ("PUSH_SUBJECT", "me"),
        ("SESSION_IDLE_DAYS", "0"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load_settings({name: value})


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"PORT": "x", "ZOUFANG_ENV": "production", "BASE_URL": "http://x.cn"})
    lines = str(caught.value).splitlines()
    assert {line.split()[0] for line in lines} == {"PORT", "SECRET_KEY", "BASE_URL"}


def test_postgres_is_taken_by_both_names_and_push_hosts_as_a_list() -> None:
    assert load_settings({"DATABASE_URL": "postgres://u@h/d"}).database_url == "postgres://u@h/d"
    assert load_settings({"PUSH_HOSTS": "a.example, B.example"}).push_hosts == ("a.example", "b.example")
