"""The one place where the parts are put together: Dagster loads `defs`, commands and tests call build_defs."""

from __future__ import annotations

import dagster as dg

from foundation.settings import Settings
from orchestration.assets.delivery import delivery_assets
from orchestration.assets.raw import raw_zone_asset
from orchestration.assets.reports import report_assets
from orchestration.assets.warehouse import candidate_asset, dbt_project_assets, published_asset
from orchestration.checks import border_checks, report_checks
from orchestration.jobs import jobs
from orchestration.resources import writer
from orchestration.schedules import schedules
from orchestration.sensors import landing_sensor


def build_defs(settings: Settings) -> dg.Definitions:
    """Everything that Dagster runs for one Kefu home."""
    dbt = dbt_project_assets(settings)
    return dg.Definitions(
        assets=[
            raw_zone_asset(settings),
            candidate_asset(),
            dbt,
            published_asset(dbt),
            *report_assets(settings),
            *delivery_assets(settings),
        ],
        asset_checks=[*border_checks(), *report_checks()],
        jobs=jobs(settings),
        schedules=schedules(settings),
        sensors=[landing_sensor(settings)],
        resources={"writer": writer(settings)},
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What workspace.yaml loads: the home that the environment names."""
    return build_defs(Settings())
