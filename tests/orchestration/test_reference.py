"""Reference tables: a file in the home replaces one, and one that makes no sense is refused by name."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

import pytest

from foundation.errors import CommandFailedError
from foundation.seeds import BUILT_IN, seeds
from foundation.settings import DBT_PROJECT_DIR, Settings
from orchestration import doctor, reference, warehouse
from orchestration.metric_docs import REFERENCE_PAGE, reference_page

CUTS = "grade,name,up_to_share,valid_from,valid_to"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def give(settings: Settings, text: str | bytes, name: str = "grade_cuts.csv") -> Path:
    """Puts a file where a company puts its own reference table."""
    settings.reference.mkdir(exist_ok=True)
    path = settings.reference / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_every_table_that_comes_along_keeps_its_own_rules() -> None:
    """A check in Python that no dbt test says too, or a type that no value fits, would refuse what is right."""
    tables = {path.stem: path for path in BUILT_IN.glob("*.csv")}
    assert set(tables) == set(seeds())
    assert {name for name, seed in seeds().items() if seed.fixed} == {
        "t_quantiles",
        "metric_lineage",
        "warning_messages",
    }
    own = {name: path for name, path in tables.items() if not seeds()[name].fixed}
    assert {name: faults for name, path in own.items() if (faults := reference.faults(path))} == {}


def test_every_column_has_its_type() -> None:
    """dbt would guess the others from the values: a store called 101 would become a number and match nothing."""
    for name, seed in seeds().items():
        with (BUILT_IN / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert next(csv.reader(file)) == list(seed.types), name
        assert {*seed.key, *seed.not_null, *seed.accepted_values} <= set(seed.types), name
        assert seed.key, name


@pytest.mark.parametrize(
    ("name", "text", "reported"),
    [
        ("grade_cut.csv", CUTS, "grade_cut.csv: no reference table is called so; rename it to one of churn_reason"),
        ("grade_cuts.xlsx", "", "grade_cuts.xlsx: no reference table is called so"),
        ("t_quantiles.csv", "", "t_quantiles is not for a company to replace (quantiles are computed, not chosen)"),
        ("grade_cuts.csv", "", "line 1: lacks grade, name, up_to_share, valid_from, valid_to"),
        ("grade_cuts.csv", "grade,name,share,valid_from,valid_to", "lacks up_to_share and has 'share' too"),
        ("grade_cuts.csv", f"{CUTS},grade", "line 1: names a column twice"),
        ("grade_cuts.csv", f"{CUTS}\nA,Best,1.00,2026-01-01\n", "line 2: not as many cells as line 1"),
        ("grade_cuts.csv", f"{CUTS}\nA,Best,a lot,2026-01-01,\n", "line 2, up_to_share: 'a lot' is no number"),
        ("grade_cuts.csv", f"{CUTS}\n\nA,Best,1,31.1.2026,\n", "line 3, valid_from: '31.1.2026' is no date"),
        ("grade_cuts.csv", f"{CUTS}\nA,,1,2026-01-01,\n", "line 2, name: empty; fill it in"),
        ("grade_cuts.csv", f"{CUTS}\nA,B,2,2026-01-01,\n", "line 2: breaks the rule up_to_share > 0 and"),
        (
            "grade_cuts.csv",
            f"{CUTS}\nA,Best,0.1,2026-01-01,\nB,Rest,1,2026-01-01,\nA,Best,0.2,2026/01/01,\n",
            "line 4: the same grade, valid_from as line 2; keep one of them",
        ),
        (
            "churn_reasons.csv",
            "raw_reason,reason\ntoo dear,dear\n",
            "line 2, reason: 'dear' is not known; write one of poor_service, nobody_cared, cheaper, better",
        ),
        (
            "schedules.csv",
            "schedule_id,valid_from,valid_to,time_zone,weekday,opens,closes\nday,,,Asia/Shanghai,1.5,09:00,18:00\n",
            "line 2, weekday: '1.5' is no whole number; write it as 7",
        ),
        (
            "schedules.csv",
            "schedule_id,valid_from,valid_to,time_zone,weekday,opens,closes\nday,,,Asia/Shanghai,1,9:00,18:00\n",
            "line 2: breaks the rule opens like '__:__'",
        ),
        (
            "metric_targets.csv",
            "metric_id,scope_type,scope_id,target,valid_from,valid_to\ncsat,*,*,0.9,2026-01-01,\ncsatt,*,*,0.9,2026-01-01,\n",
            "line 3, metric_id: 'csatt' is no metric; write csat",
        ),
        ("grade_cuts.csv", f"{CUTS}\nA,最好,1,2026-01-01,\n".encode("gbk"), "not UTF-8 at byte 45; save it"),
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense_stops_the_build_and_is_told(
    settings: Settings, name: str, text: str | bytes, reported: str
) -> None:
    path = give(settings, text, name)
    with pytest.raises(CommandFailedError) as caught:
        warehouse.prepare(settings)
    assert str(path) in str(caught.value)
    assert reported in str(caught.value)
    assert not settings.build.exists()
    finding = next(finding for finding in doctor.examine(settings) if finding.name == "reference")
    assert not finding.is_fine
    assert reported in finding.text


def test_what_only_the_company_can_state_ships_empty_and_is_laid_to_be_filled_in(settings: Settings) -> None:
    """A row in one of these tables would be another company's opening hours, targets or costs."""
    only = {name for name, seed in seeds().items() if seed.stated_by_company}
    assert only == {
        "contact_cadence", "holidays", "inspection_standards", "loyalty_index_parts", "metric_targets", "names",
        "schedules", "service_standards", "tier_rules", "unit_costs",
    }  # fmt: skip
    for name in only:
        assert (BUILT_IN / f"{name}.csv").read_text(encoding="utf-8").count("\n") == 1, name

    own = give(settings, "schedule_id,holiday_date,name\nday,2026-10-01,国庆节\n", "holidays.csv")
    laid = reference.init(settings)
    assert {path.stem for path in laid} == only - {"holidays"}
    assert own.read_text(encoding="utf-8").endswith("国庆节\n")
    assert {path.name: reference.faults(path) for path in laid if reference.faults(path)} == {}
    assert {seed.name for seed in reference.not_stated(settings)} == only - {"holidays"}
    assert "#   cost        agent_hour, interaction, ticket or point. (one of agent_hour" in laid[-1].read_text("utf-8")
    assert reference.init(settings) == []


def test_names_may_be_given_to_the_codes_that_reports_print() -> None:
    (path,) = (DBT_PROJECT_DIR / "models" / "marts" / "reporting").glob("rpt_codes.sql")
    tables = re.findall(r"^    '(?:int_service__standards|(\w+))': \[", path.read_text(encoding="utf-8"), re.MULTILINE)
    named = seeds()["names"].accepted_values["reference_table"]
    assert sorted(table or "service_standards" for table in tables) == sorted(named)


def test_what_catalogues_translate_is_what_comes_along() -> None:
    """Texts of a table that ships empty are the company's own, and no catalogue knows them."""
    for seed in seeds().values():
        assert set(seed.texts) <= set(seed.not_null), seed.name
        assert not (seed.texts and seed.stated_by_company), seed.name
    named = seeds()["names"].accepted_values["reference_table"]
    assert {name for name in named if not seeds()[name].texts} == {"service_standards"}


def test_a_column_that_may_be_empty_may_be_left_out(settings: Settings) -> None:
    """A table that was written before the column was there stays as it is."""
    give(settings, "instrument,scale_min,scale_max\ncsat,1,10\n", "survey_instruments.csv")
    taken = (reference.seed_folder(settings) / "survey_instruments.csv").read_text(encoding="utf-8")
    assert taken == "instrument,source_system,scale_min,scale_max\ncsat,,1.000000,10.000000\n"


def test_a_table_that_was_laid_and_filled_in_is_read_without_its_comments(settings: Settings) -> None:
    reference.init(settings)
    path = settings.reference / "unit_costs.csv"
    path.write_text(path.read_text(encoding="utf-8") + "ticket,12.5,2026-01-01,\n# later,,,\n", encoding="utf-8")
    assert "unit_costs" not in {seed.name for seed in reference.not_stated(settings)}
    taken = (reference.seed_folder(settings) / "unit_costs.csv").read_text(encoding="utf-8")
    assert taken == "cost,amount,valid_from,valid_to\nticket,12.500000,2026-01-01,\n"


def test_a_table_is_replaced_in_a_copy_that_dbt_reads(settings: Settings) -> None:
    """Columns in another order, a byte order mark, blanks and dates as spreadsheets write them all do."""
    assert reference.seed_folder(settings) == BUILT_IN
    text = "\ufeffvalid_from,valid_to,grade,name,up_to_share\r\n2026/01/01,,A, Best ,.5\r\n,,,,,\r\n"
    give(settings, text + '2026-01-01,,B,"The ""rest"", all",1\r\n')
    folder = reference.seed_folder(settings)
    assert (folder / "grade_cuts.csv").read_text(encoding="utf-8") == (
        f'{CUTS}\nA,Best,0.500000,2026-01-01,\nB,"The ""rest"", all",1.000000,2026-01-01,\n'
    )
    others = [path for path in BUILT_IN.iterdir() if path.name != "grade_cuts.csv"]
    assert [path.name for path in others if path.read_bytes() != (folder / path.name).read_bytes()] == []
    assert reference.seed_folder(settings) == folder


def test_copies_of_old_tables_do_not_pile_up(settings: Settings) -> None:
    folders = []
    for share in ("0.1", "0.2", "0.3", "0.4", "0.5"):
        give(settings, f"{CUTS}\nA,Best,{share},2026-01-01,\nB,Rest,1,2026-01-01,\n")
        folders.append(reference.project_folder(settings))
    assert sorted(folders[0].parent.iterdir()) == sorted(folders[-3:])


def test_a_build_knows_by_which_tables_it_was_made(settings: Settings) -> None:
    """Otherwise the night would carry on figures of the old table, and nobody could tell why a month differs."""
    versions = [warehouse.settings_version(settings)]
    for share in ("0.4", "0.5"):
        give(settings, f"{CUTS}\nA,Best,{share},2026-01-01,\nB,Rest,1,2026-01-01,\n")
        versions.append(warehouse.settings_version(settings))
    assert len(set(versions)) == len(versions)
    (settings.reference / "grade_cuts.csv").unlink()
    assert warehouse.settings_version(settings) == versions[0]


def test_a_table_that_changes_under_a_build_stops_it(settings: Settings) -> None:
    """The build would say that it was made by the one and hold figures of the other."""
    made = warehouse.prepare(settings, known_at=date(2026, 10, 31), as_of=date(2026, 10, 31))
    give(settings, "customer_id,action,with_customer_id,reason\n", "identity_overrides.csv")
    with pytest.raises(warehouse.WarehouseBuildError, match="changed since the candidate was prepared"):
        warehouse.build(settings, made)


def test_doctor_lists_what_is_replaced(settings: Settings) -> None:
    give(settings, "schedule_id,holiday_date,name\n", "holidays.csv")
    give(settings, "", ".holidays.csv.swp")
    finding = next(finding for finding in doctor.examine(settings) if finding.name == "reference")
    assert (finding.is_fine, finding.text) == (True, f"holidays from {settings.reference}")


def test_the_page_is_that_of_today_s_declarations() -> None:
    """After an intended change: make docs."""
    assert REFERENCE_PAGE.read_text(encoding="utf-8") == reference_page(), "docs/reference.md is old: run make docs"


def test_doctor_says_which_figures_wait_for_a_table_that_nobody_filled_in(settings: Settings) -> None:
    waiting = doctor.figures_that_wait_for(["schedules", "holidays"])
    assert {"first_reply", "first_resolution"} <= set(waiting["schedules"])
    assert "first_reply_calendar" not in waiting["schedules"]
    assert waiting["holidays"] == []
    finding = next(finding for finding in doctor.examine(settings) if finding.name == "not stated")
    assert "schedules: " in finding.text
    give(settings, "schedule_id,holiday_date,name\nday,2026-10-01,国庆节\n", "holidays.csv")
    finding = next(finding for finding in doctor.examine(settings) if finding.name == "not stated")
    assert "holidays" not in finding.text


def test_doctor_says_which_of_zone_and_currency_nobody_stated(tmp_path: Path) -> None:
    def reported(company: dict[str, str]) -> str:
        made = Settings.model_validate({"home": tmp_path, "company": company})
        return next(finding for finding in doctor.examine(made) if finding.name == "settings").text

    assert "Nobody stated company.time_zone and company.currency" in reported({})
    assert "Nobody stated company.currency:" in reported({"time_zone": "Asia/Shanghai"})
    assert "Nobody" not in reported({"time_zone": "Asia/Shanghai", "currency": "CNY"})
