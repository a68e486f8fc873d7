"""Settings: where they come from, and that one which makes no sense is refused by name."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
import yaml
from pydantic import ValidationError

from foundation.settings import DBT_PROJECT_DIR, Engine, Settings, measure_defaults, measure_rule


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
        ("[measures]\nmin_m = 30\n", "no such setting min_m; the known ones are .*min_n"),
        ("[measures]\nmin_n = 0\n", "min_n is 0; it must be a whole number of at least 1, as the default 30"),
        ("[measures]\nmin_n = 30.5\n", "min_n is 30.5"),
        ("[measures]\nmin_n = true\n", "min_n is True"),
        ('[measures]\nmin_n = "many"\n', "min_n is 'many'"),
        ("[measures]\nwindow_months = -12\n", "window_months is -12; it must be a whole number of at least 1"),
        ("[measures]\nclv_holdout_weeks = 0\n", "clv_holdout_weeks is 0"),
        ("[measures]\nat_risk_quantile = 1\n", "at_risk_quantile is 1; it must be a number between 0 and 1"),
        ("[measures]\nat_risk_quantile = nan\n", "at_risk_quantile is nan"),
        ("[measures]\nfalse_discovery_rate = 1.0\n", "false_discovery_rate is 1.0"),
        ("[measures]\ngrowth_threshold = 10\n", "growth_threshold is 10; it must be a share from 0 to 1"),
        ("[measures]\nlost_multiple = 0.5\n", "lost_multiple is 0.5; it must be a number of at least 1"),
        ("[measures]\nnear_next_tier_share = -0.01\n", "near_next_tier_share is -0.01; it must be a share from 0 to 1"),
        ("[measures]\ndefault_schedule_id = 7\n", "default_schedule_id is 7; it must be a str like 'standard'"),
        ('[measures]\ncustomer_grain = "household"\n', "customer_grain is 'household'; it may be person or record"),
        ('[measures]\ncompany_currency = "EUR"\n', "company_currency is the company's: set company.currency"),
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


def test_the_environment_gives_numbers_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_MEASURES__MIN_N", "50")
    monkeypatch.setenv("KEFU_MEASURES__SHORT_ABANDON_SECONDS", "0")
    variables = Settings(home=tmp_path).dbt_vars
    assert (variables["min_n"], variables["short_abandon_seconds"]) == (50, 0)


def test_every_default_obeys_its_own_rule(tmp_path: Path) -> None:
    """A setting whose name no rule fits would be taken as it comes."""
    defaults = {
        name: value
        for name, value in measure_defaults().items()
        if name not in {"reporting_time_zone", "company_currency", "scope_types", "report_scopes"}
    }
    numbers = [name for name, value in defaults.items() if isinstance(value, int | float)]
    assert [name for name in numbers if measure_rule(name) is None] == []
    assert Settings(home=tmp_path, measures=defaults).measures == defaults


def test_every_default_is_explained_where_it_stands() -> None:
    text = (DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8")
    lines = text.partition("\nvars:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split(":")[0].strip() for line in lines] == list(measure_defaults())
    assert [line for line in lines if len(line.partition(" # ")[2]) < 15] == []


def test_every_engine_setting_reaches_dbt_s_own_connection() -> None:
    """A limit that holds for ingestion alone lets the build take the whole machine."""
    profiles = (DBT_PROJECT_DIR / "profiles.yml").read_text(encoding="utf-8")
    target = yaml.safe_load(profiles)["kefu"]["outputs"]["duckdb"]
    options = target["config_options"]
    assert "'KEFU_MODELS_AT_ONCE'" in target["threads"]
    assert {name: re.findall(r"env_var\('(\w+)'", text) for name, text in options.items()} == {
        name: [f"KEFU_{name.upper()}"] for name in Engine().duckdb
    }


def test_small_tables_get_one_thread_a_query_and_large_ones_all() -> None:
    engine = Engine(threads=4)
    assert [engine.threads_a_query(rows) for rows in (0, 999_999, 1_000_000, 3_000_000, 80_000_000)] == [1, 1, 2, 4, 4]


def test_a_share_of_the_machine_s_memory_is_given_as_bytes() -> None:
    half, whole = (Engine(memory_limit=share).duckdb["memory_limit"] for share in ("50%", "100%"))
    with duckdb.connect(config={"memory_limit": half}):
        assert int(half.removesuffix("MiB")) == int(whole.removesuffix("MiB")) // 2
