"""Settings: what is refused by name, and what is read from where."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from podforecast.errors import ConfigurationError
from podforecast.settings import Settings, read_settings, settings_or_exit


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """No ``.env`` of the developer's."""
    monkeypatch.chdir(tmp_path)


class TestRefused:
    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            pytest.param("PODFORECAST_API__PORT", "70000", id="port"),
            pytest.param("PODFORECAST_API__PORT", "http", id="port-is-text"),
            pytest.param("PODFORECAST_PROMETHEUS__URL", "prometheus:9090", id="url-without-scheme"),
            pytest.param("PODFORECAST_PROMETHEUS__TIMEOUT", "-1", id="negative-duration"),
            pytest.param("PODFORECAST_PROMETHEUS__SCRAPE_INTERVAL", "0", id="no-interval"),
            pytest.param("PODFORECAST_PROMETHEUS__SCRAPE_INTERVAL", "180", id="seldom-scraped"),
            pytest.param("PODFORECAST_SOURCE", "recording", id="source"),
            pytest.param("PODFORECAST_REPLAY__SPEED", "0", id="no-speed"),
            pytest.param("PODFORECAST_REPLAY__SPEED", "nan", id="speed-is-no-number"),
            pytest.param("PODFORECAST_REPLAY__SPEED", "1000", id="too-fast"),
            pytest.param("PODFORECAST_REPLAY__START_MINUTE", "-1", id="before-the-start"),
            pytest.param("PODFORECAST_API__BODY_TIMEOUT", "0", id="no-time-for-a-body"),
            pytest.param("PODFORECAST_API__MAX_IN_FLIGHT", "0", id="room-for-none"),
            pytest.param("PODFORECAST_API__BODY_MEMORY_MIB", "1", id="less-than-a-batch"),
            pytest.param("PODFORECAST_LOG__LEVEL", "loud", id="no-level"),
            pytest.param("PODFORECAST_PROMETHEUS__COLOUR", "red", id="unknown-in-a-group"),
        ],
    )
    def test_the_variable_is_named(self, monkeypatch, variable, value):
        monkeypatch.setenv(variable, value)
        with pytest.raises(ConfigurationError, match=variable):
            read_settings()

    @pytest.mark.parametrize(
        ("value", "why"),
        [
            pytest.param("180", "less than or equal to 2 min", id="range"),
            pytest.param("9" * 20, "write 30s, 1m or 0:00:30", id="overflow"),
            pytest.param("one minute", "write 30s, 1m or 0:00:30", id="words"),
        ],
    )
    def test_a_duration_that_does_not_fit_says_why(self, monkeypatch, value, why):
        monkeypatch.setenv("PODFORECAST_PROMETHEUS__SCRAPE_INTERVAL", value)
        with pytest.raises(ConfigurationError, match=why):
            read_settings()

    def test_a_source_that_is_none_is_named(self, monkeypatch):
        monkeypatch.setenv("PODFORECAST_SOURCE", "datadog")
        with pytest.raises(ConfigurationError, match=r"PODFORECAST_SOURCE: .*'prometheus'"):
            read_settings()

    def test_a_group_that_is_no_json_is_named_too(self, monkeypatch):
        monkeypatch.setenv("PODFORECAST_API", "not json")
        with pytest.raises(ConfigurationError, match="api"):
            read_settings()

    def test_values_stay_out_of_the_message_for_some_are_secrets(self, monkeypatch):
        monkeypatch.setenv("PODFORECAST_API__PORT", "hunter2")
        with pytest.raises(ConfigurationError) as refused:
            read_settings()
        assert "hunter2" not in refused.value.message

    def test_a_process_that_can_not_start_says_why_in_two_lines(self, monkeypatch, capsys):
        monkeypatch.setenv("PODFORECAST_API__PORT", "0")
        with pytest.raises(SystemExit) as left:
            settings_or_exit()
        assert left.value.code == 2
        assert len(capsys.readouterr().err.splitlines()) == 2


KEY, OTHER = "first-key-0123456789", "second-key-9876543210"


class TestApiKeys:
    @pytest.mark.parametrize(
        ("value", "reason"),
        [
            pytest.param("short-key", "16 to 256 characters, not 9", id="short"),
            pytest.param(f"{KEY},short-key", "16 to 256 characters, not 9", id="second-is-short"),
            pytest.param("k" * 257, "16 to 256 characters, not 257", id="long"),
            pytest.param("pass phrase with spaces", "visible ASCII", id="spaces"),
            pytest.param("schlüssel-0123456789", "visible ASCII", id="not-ascii"),
            pytest.param(f'["{KEY}", "second-key-98', "not a JSON list", id="torn-json"),
            pytest.param("[1234567890123456]", "string", id="number"),
        ],
    )
    def test_one_that_is_unfit_is_refused_but_never_shown(self, monkeypatch, capsys, value, reason):
        monkeypatch.setenv("PODFORECAST_API_KEYS", value)
        with pytest.raises(SystemExit):
            settings_or_exit()
        said = capsys.readouterr().err
        assert "PODFORECAST_API_KEYS" in said
        assert reason in said
        for part in (value, KEY, "short-key", "second-key-98", "1234567890123456"):
            assert part not in said

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param(f"{KEY},{OTHER}", id="commas"),
            pytest.param(f" {KEY} , {OTHER},", id="commas-and-spaces"),
            pytest.param(f'["{KEY}", "{OTHER}"]', id="json"),
        ],
    )
    def test_they_are_read_either_way(self, monkeypatch, value):
        monkeypatch.setenv("PODFORECAST_API_KEYS", value)
        keys = read_settings().api_keys
        assert [key.get_secret_value() for key in keys] == [KEY, OTHER]
        assert KEY not in repr(read_settings())

    @pytest.mark.parametrize("value", ["", " ", ",", "[]"])
    def test_none_are_none(self, monkeypatch, value):
        monkeypatch.setenv("PODFORECAST_API_KEYS", value)
        assert read_settings().api_keys == ()


def test_without_any_variable_everything_is_on_this_machine():
    settings = read_settings()
    assert settings.model_dir == Path("models")
    assert settings.api.host == "127.0.0.1"
    assert settings.dashboard.api_url.host == "127.0.0.1"


def test_the_environment_reaches_into_groups(monkeypatch):
    monkeypatch.setenv("PODFORECAST_PROMETHEUS__URL", "https://mimir.example/prometheus/")
    monkeypatch.setenv("PODFORECAST_PROMETHEUS__TIMEOUT", "PT5S")
    monkeypatch.setenv("PODFORECAST_PROMETHEUS__HEADERS", '{"X-Scope-OrgID": "team-a"}')
    prometheus = read_settings().prometheus
    assert str(prometheus.url) == "https://mimir.example/prometheus/"
    assert prometheus.timeout == timedelta(seconds=5)
    assert prometheus.headers["X-Scope-OrgID"].get_secret_value() == "team-a"


def test_a_dotenv_file_is_read(tmp_path):
    (tmp_path / ".env").write_text("PODFORECAST_MODEL_DIR=/srv/models\n")
    assert read_settings().model_dir == Path("/srv/models")


def test_secrets_do_not_show(monkeypatch):
    monkeypatch.setenv("PODFORECAST_PROMETHEUS__PASSWORD", "hunter2")
    assert "hunter2" not in repr(read_settings())


def test_settings_do_not_change():
    with pytest.raises(ValueError, match="frozen"):
        Settings().model_dir = Path("elsewhere")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("30", 30.0, id="seconds"),
        pytest.param("30s", 30.0, id="as-prometheus-does"),
        pytest.param("1m", 60.0, id="minutes"),
        pytest.param("0:00:30", 30.0, id="clock"),
        pytest.param("PT30S", 30.0, id="iso-8601"),
    ],
)
def test_a_duration_can_be_written_as_people_do(monkeypatch, value, seconds):
    monkeypatch.setenv("PODFORECAST_PROMETHEUS__SCRAPE_INTERVAL", value)
    assert read_settings().prometheus.scrape_interval == timedelta(seconds=seconds)
