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
            pytest.param("PODFORECAST_SOURCE", "recording", id="source"),
            pytest.param("PODFORECAST_REPLAY__SPEED", "0", id="no-speed"),
            pytest.param("PODFORECAST_REPLAY__SPEED", "nan", id="speed-is-no-number"),
            pytest.param("PODFORECAST_REPLAY__SPEED", "1000", id="too-fast"),
            pytest.param("PODFORECAST_REPLAY__START_MINUTE", "-1", id="before-the-start"),
            pytest.param("PODFORECAST_PROMETHEUS__COLOUR", "red", id="unknown-in-a-group"),
        ],
    )
    def test_the_variable_is_named(self, monkeypatch, variable, value):
        monkeypatch.setenv(variable, value)
        with pytest.raises(ConfigurationError, match=variable):
            read_settings()

    def test_a_cluster_can_not_be_watched_yet(self, monkeypatch):
        monkeypatch.setenv("PODFORECAST_SOURCE", "prometheus")
        with pytest.raises(ConfigurationError, match="can not be watched yet; `replay` and `none`"):
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
