"""docs/metrics from the declarations of the models' yml, the source of the report's definitions page as well,
docs/reference.md from those of the seeds, the dbt exposures of the reports, the seed metric_lineage from compiled SQL.

`python -m orchestration.metric_docs` (make docs) writes them. No figure is defined here.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from foundation.declarations import metrics, models
from foundation.languages import LANGUAGES
from foundation.seeds import Seed, seeds
from foundation.settings import DBT_PROJECT_DIR, REPOSITORY, Settings
from orchestration.ingestion.mapping_schema import SCHEMA, schema_text
from orchestration.lineage import compiled, made_of
from reports.text.language import language

PAGES = REPOSITORY / "docs" / "metrics"
REFERENCE_PAGE = REPOSITORY / "docs" / "reference.md"
REPORTS = REPOSITORY / "reports"
EXPOSURES = DBT_PROJECT_DIR / "models" / "report_exposures.yml"
LINEAGE = DBT_PROJECT_DIR / "seeds" / "metric_lineage.csv"
AREAS = {
    "customer": "Customer",
    "lifecycle": "Life cycle",
    "loyalty": "Loyalty",
    "satisfaction": "Satisfaction",
    "service": "Service quality",
    "economics": "Economics of service",
    "reporting": "Reporting tables",
}
_KINDS = {
    "proportion": "share of rows with {value}",
    "mean": "mean of {value}",
    "median": "median of {value}",
    "p90": "90th percentile of {value}",
    "nps": "100 x (share with {value} >= 9 - share with {value} <= 6)",
    "share": "sum of {numerator} / sum of {denominator}",
    "census": "sum of {numerator} / sum of {denominator}",
    "ratio": "sum of {numerator} / sum of {denominator}",
    "poisson": "sum of {numerator} / sum of {denominator}",
    "sum": "sum of {value}",
    "count": "number of rows",
    "distinct": "number of distinct {value}",
}
# of the kinds that have one: which test calls a change (macros/statistics.sql)
_TESTS = {
    "proportion": "two proportions",
    "share": "two proportions",
    "mean": "Welch's t",
    "nps": "the variances of both NPS",
    "poisson": "the square roots of both counts",
    "median": "the order-statistic intervals of both",
    "p90": "the order-statistic intervals of both",
}
_DIRECTIONS = {"up": "higher is better", "down": "lower is better", "none": "neither way is better"}


_HEAD = """\
# Metrics

Written by `make docs` from the yml beside each model; edit that, not these pages. The report prints the same names and
definitions, read from `reporting.rpt_metric_definitions`, which dbt makes of the same yml; names and definitions in
other languages stand in its catalogues (`reports/locales`).

{count} figures. Each stands in `reporting.kpi_monthly` under its id, per month, for the company and the scopes named;
tables hold what does not fit there. Under each model: what a row of it is, then the figures made of its rows. A figure
belongs to the month of the column named. *Snapshot* figures (stocks, rolling windows) claim no change. Of few cases a
report shows none, unless their *disclosure* is operational or none ([reports.md](../reports.md)). Settings are
explained in `dbt_project/dbt_project.yml`.
How intervals are made, by which test a change is called, what a window longer than the history does and when a limit of
silence is known: [statistics.md](../statistics.md).
"""

_EXPOSURES_HEAD = """\
# Written by `make docs` from the reports' own queries and their report.yml; edit those, not this file.
version: 2
exposures:
"""

_AREA_HEAD = """\
# {title}

Written by `make docs`; what the lines mean is said in the [index](README.md).
"""

_DAILY = "daily"
_DAILY_HEAD = """\
# Daily figures

Written by `make docs`; the figures of months are in the [index](README.md).

In `reporting.kpi_daily`, per day of the last two months, for the company and its stores, beside what is usual: the same
figure of the same weekday in the four weeks before. One of a monthly figure's id is the same measure, by day.
"""


_REFERENCE_HEAD = """\
# Reference tables

Written by `make docs` from the yml in `dbt_project/seeds`; edit that, not this page.

What a company decides and no export tells: its opening hours and holidays, its standards, targets, tiers and costs,
what its codes are called. Tables that only the company can fill ship empty: without opening hours there is no business
time, without a target no verdict, without a cost no figure of cost. The others hold taxonomies and published methods.
Put your own as `KEFU_HOME/reference/<table>.csv`; the checkout stays as it is:

```sh
kefu reference init                                      # lays the empty ones, with comments that say what goes in
cp dbt_project/seeds/grade_cuts.csv $KEFU_HOME/reference/ # one of the others, to change it
kefu doctor                                              # what is not stated yet, what is replaced, what is wrong
```

The demo company's own are in `demo/reference`; `kefu demo` lays them into its home and nobody else's.

- Names are in one language, English in the tables that come along. `names.csv` says what your own codes are called in
  others, a row per code and language; reports translate the names that come along by themselves:

  ```
  reference_table,code,language,name
  service_standards,fault_repair,zh-CN,障碍修复时限
  ```

- The file replaces the whole table. The columns are those of the built-in one, in any order; one of the key that may be
  empty may be left out. CSV in UTF-8, with commas; lines that begin with # are comments.
- A name that is no table, a missing or unknown column, a value of another kind or not among those accepted, an empty
  cell that must be filled, a metric that there is not, a key that is there twice: the build refuses it before anything
  is computed and names file, line, column and what to write. What only several rows or tables tell (cuts that end at 1,
  weights that sum to 100, a strategy for every stage and grade) a test of the same build refuses.
- Rows with `valid_from` and `valid_to` hold on those days and between; an empty `valid_to` means still. A change that
  is to leave past months as they were is a new row, not another value.
- The files count among the settings: their hash is part of the build's `settings_version`, a change of them builds
  every month anew, and a restated report says that settings changed.
"""


def reference_page() -> str:
    """The whole page of reference tables."""
    lines = [_REFERENCE_HEAD.rstrip()]
    for seed in seeds().values():
        lines += ["", f"## {seed.name}", "", seed.description, "", *_seed_rules(seed)]
    return "\n".join(lines) + "\n"


def _seed_rules(seed: Seed) -> Iterator[str]:
    yield f"- Columns: {', '.join(f'`{name}` {kind}' for name, kind in seed.types.items())}"
    yield f"- One row per {', '.join(f'`{name}`' for name in seed.key)}"
    for name, values in seed.accepted_values.items():
        yield f"- `{name}` is one of {', '.join(f'`{value}`' for value in values)}"
    yield from (f"- Rule: `{rule}`" for rule in seed.checks)
    if seed.stated_by_company:
        yield "- Ships empty: `kefu reference init` lays it to fill in"
    if seed.fixed:
        yield f"- Not to be replaced: {seed.fixed}"


def pages() -> dict[str, str]:
    """The pages of metrics by file name: an index, one for each area, and one for the figures of days."""
    declared = sorted(models(), key=lambda found: found[1]["name"])
    areas = {area: [found for found in declared if found[0].parent.name == area] for area in AREAS}
    return {
        "README.md": "\n".join(_index(areas)) + "\n",
        **{f"{area}.md": "\n".join(_area(AREAS[area], here)) + "\n" for area, here in areas.items()},
        f"{_DAILY}.md": "\n".join(_daily()) + "\n",
    }


def _index(areas: dict[str, list[tuple[Path, dict[str, Any]]]]) -> Iterator[str]:
    figures = {area: [metric for _, model in here for metric in metrics(model)] for area, here in areas.items()}
    yield from _HEAD.format(count=sum(map(len, figures.values()))).splitlines()
    yield ""
    yield "| area | figures | tables |"
    yield "|---|---|---|"
    for area, title in AREAS.items():
        tables = sum(not metrics(model) for _, model in areas[area])
        yield f"| [{title}]({area}.md) | {len(figures[area]) or ''} | {tables or ''} |"
    yield f"| [Daily figures]({_DAILY}.md) | {sum(1 for _ in _daily_metrics())} | |"
    for area, title in AREAS.items():
        if figures[area]:
            yield from ("", f"## {title}", "")
            yield from (f"- [`{metric['id']}`]({area}.md) {metric['label']}" for metric in figures[area])


def _area(title: str, here: list[tuple[Path, dict[str, Any]]]) -> Iterator[str]:
    yield from _AREA_HEAD.format(title=title).splitlines()
    for path, model in here:
        if metrics(model):
            yield from ("", f"## [{model['name']}]({_link(path)})", "", " ".join(model["description"].split()))
        for metric in metrics(model):
            yield from ("", *described(metric))
    others = [(path, model) for path, model in here if not metrics(model)]
    if others:
        yield from ("", "## Tables", "")
        yield from (f"- [{model['name']}]({_link(path)}): {_grain(model)}" for path, model in others)


def _daily() -> Iterator[str]:
    yield from _DAILY_HEAD.splitlines()
    for path, model, metric in _daily_metrics():
        yield from ("", *_daily_metric(metric, f"[{model['name']}]({_link(path)})"))


def _daily_metrics() -> Iterator[tuple[Path, dict[str, Any], dict[str, Any]]]:
    for path, model in sorted(models(""), key=lambda found: found[1]["name"]):
        yield from ((path, model, metric) for metric in metrics(model, "daily_metrics"))


def _texts(metric_id: str, metric: dict[str, Any]) -> Iterator[str]:
    """Name and definition of a metric, in every language."""

    def said(text: str) -> list[str]:
        return [" ".join(language(code).text(text, metric_id).split()) for code in LANGUAGES]

    labels, definitions = said(metric["label"]), said(metric["definition"])
    yield f"**`{metric_id}`** {' · '.join(labels)}  "
    yield from (f"{definition}  " for definition in definitions[:-1])
    yield definitions[-1]


def described(metric: dict[str, Any]) -> Iterator[str]:
    """A metric in lines of Markdown: names, definitions, formula, scopes, what it stands on and is made of."""
    yield from _texts(metric["id"], metric)
    yield ""
    named = {name: f"`{metric[name]}`" for name in ("value", "numerator", "denominator") if name in metric}
    formula = ("1,000 x " if metric["unit"] == "per_1000" else "") + _KINDS[metric["kind"]].format(**named)
    where = f", where `{metric['where']}`" if metric.get("where") else ""
    yield f"- {metric['unit']}, {_DIRECTIONS[metric['direction']]}: {formula}{where}, by `{metric['month']}`"
    disclosed = f"; disclosure: {metric['disclosure']}" if "disclosure" in metric else ""
    yield f"- {_cells(metric)}; {_change(metric)}{disclosed}"
    absent = "".join(
        f"; absent while `{only_if_seen}` is never known" for only_if_seen in metric.get("only_if_seen", [])
    )
    yield f"- stands on {', '.join(metric['stands_on'])}{absent}"
    yield f"- made of {lineage_rows().get(metric['id'], '')}"
    more = [text for text in (_range(metric), _window(metric)) if text]
    if more:
        yield f"- {'; '.join(more)}"


def _daily_metric(metric: dict[str, Any], model: str) -> Iterator[str]:
    yield from _texts(metric["id"] if "id" in metric else metric["like"], metric)
    yield ""
    where = f" where `{metric['where']}`" if metric.get("where") else ""
    rule = f"as `{metric['like']}` of a month" if "like" in metric else f"{_KINDS[metric['kind']]}"
    by = f"; by {', '.join(metric['dimensions'])}" if metric.get("dimensions") else ""
    yield f"- rows of {model}{where}, by the day of `{metric['day']}`: {rule}{by}"


def _cells(metric: dict[str, Any]) -> str:
    scopes = ", ".join(["company", *metric.get("scopes", {})])
    by = f", by {', '.join(metric['dimensions'])}" if metric.get("dimensions") else ""
    parts = " (the parts alone)" if metric.get("whole") is False else ""
    return f"{scopes}{by}{parts}; scopes: {metric['additivity']}"


def _change(metric: dict[str, Any]) -> str:
    if metric.get("dated") == "snapshot" and not metric.get("claims_change"):
        return "snapshot"
    if metric["kind"] not in _TESTS or not metric.get("claims_change", True):
        return "no change claimed"
    by = f", by {_TESTS[metric['kind']]}"
    if "material_change" in metric:
        return f"change told from {metric['material_change']}{by}"
    return f"change told from {100 * float(metric['material_change_relative']):g} % of the earlier value{by}"


def _range(metric: dict[str, Any]) -> str:
    if "range" not in metric:
        return ""
    least, most = metric["range"]
    if least is None and most is None:
        return "range: any number"
    return f"range: {least} to {most}" if most is not None else f"range: from {least}"


def _window(metric: dict[str, Any]) -> str:
    """What it looks back over; a setting by its name."""
    if "window" not in metric:
        return ""
    ((unit, length),) = ((unit, length) for unit, length in metric["window"].items() if unit != "of")
    name = f"`{length}` months" if isinstance(length, str) else f"{length} {unit}"
    return f"looks back {name}, of {', '.join(metric['window']['of'])}"


@cache
def lineage_rows() -> dict[str, str]:
    """What each metric is made of, as the seed says."""
    with LINEAGE.open(encoding="utf-8", newline="") as file:
        return {row["metric_id"]: row["made_of"] for row in csv.DictReader(file)}


def lineage_file(home: Path) -> str:
    """The seed metric_lineage as the compiled project gives it; `home` is a scratch folder to compile in."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["metric_id", "made_of"])
    writer.writerows(sorted(made_of(compiled(Settings(home=home))).items()))
    return out.getvalue()


def report_exposures() -> str:
    """The dbt exposures of the reports: what their queries read, and the tables that their report.yml prints."""
    published = {(path.parent.name, model["name"]) for path, model in models()}
    texts = [path.read_text(encoding="utf-8") for kind in ("py", "sql") for path in REPORTS.rglob(f"*.{kind}")]
    read = {found for text in texts for found in re.findall(r"\b(?:from|join) (\w+)\.(\w+)", text)}
    lines = [_EXPOSURES_HEAD.rstrip()]
    for path in sorted(REPORTS.glob("*/report.yml")):
        spec = yaml.safe_load(path.read_text(encoding="utf-8"))
        schedule = spec.get("schedule", "monthly").capitalize()
        printed = {("reporting", f"rpt_{table['id']}") for area in spec["areas"] for table in area.get("tables", [])}
        lines += [
            f"  - name: {spec['id']}",
            f"    label: {spec['title']}",
            "    type: dashboard",
            "    maturity: high",
            f"    description: {schedule}; page, PDF and mail (reports/{spec['id']}).",
            "    owner: {name: Data owner}",
            "    depends_on:",
            *(f"      - ref('{name}')" for _, name in sorted((read | printed) & published)),
            "",
        ]
    return "\n".join(lines)


def _grain(model: dict[str, Any]) -> str:
    """The first sentence of the description."""
    text = " ".join(model["description"].split())
    first, dot, _ = text.partition(". ")
    return first + dot.strip() if dot else text


def _link(path: Path) -> str:
    return f"../../{path.relative_to(REPOSITORY).as_posix()}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        LINEAGE.write_text(lineage_file(Path(scratch)), encoding="utf-8")
    PAGES.mkdir(exist_ok=True)
    for name, text in pages().items():
        (PAGES / name).write_text(text, encoding="utf-8")
    EXPOSURES.write_text(report_exposures(), encoding="utf-8")
    REFERENCE_PAGE.write_text(reference_page(), encoding="utf-8")
    SCHEMA.write_text(schema_text(), encoding="utf-8")
