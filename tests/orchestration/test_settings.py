"""Settings: where they come from, and that one which makes no sense is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from orchestration.settings import Settings


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kefu.toml").write_text('[company]\nname = "ACME"\ncurrency = "EUR"\n', encoding="utf-8")
    monkeypatch.setenv("KEFU_HOME", str(tmp_path))
    monkeypatch.setenv("KEFU_COMPANY__NAME", "Other")
    settings = Settings()
    assert (settings.home, settings.company.name, settings.company.currency) == (tmp_path, "Other", "EUR")


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ('[company]\ntime_zone = "Mars/Olympus"\n', "time_zone"),
        ('[company]\ncurrency = "yuan"\n', "currency"),
        ("[ingestion]\nmax_bad_share = 1.5\n", "max_bad_share"),
        ("[measures]\nmin_m = 30\n", "min_m"),
        ("[mial]\nhost = 'x'\n", "mial"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(tmp_path: Path, toml: str, named: str) -> None:
    (tmp_path / "kefu.toml").write_text(toml, encoding="utf-8")
    with pytest.raises(ValidationError, match=named):
        Settings(home=tmp_path)


def test_a_measure_s_setting_overrides_the_default_and_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "kefu.toml").write_text("[measures]\nmin_n = 50\n", encoding="utf-8")
    variables = Settings(home=tmp_path).dbt_vars
    assert variables["min_n"] == 50
    assert variables["window_months"] == 12
