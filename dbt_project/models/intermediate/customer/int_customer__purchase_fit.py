"""BG/NBD fitted on the grouped counts of each sample; dbt_project/python/purchases.py holds the likelihood."""

import pandas as pd

from dbt_project.python import frames
from dbt_project.python.purchases import DAYS_PER_WEEK, fit_purchases

PARAMETERS = ("r", "alpha", "a", "b")


def model(dbt, session):
    counts = frames.read(dbt.ref("int_customer__purchase_counts"))
    rows = []
    for sample in ("all", "calibration"):
        group = counts[counts["sample"] == sample]
        fit = fit_purchases(
            group["repeat_days"].to_numpy(float),
            group["last_repeat_day"].to_numpy(float) / DAYS_PER_WEEK,
            group["age_days"].to_numpy(float) / DAYS_PER_WEEK,
            group["customers"].to_numpy(float),
        )
        rows.append({
            "sample": sample,
            **dict(zip(PARAMETERS, fit.estimates, strict=True)),
            **dict(zip((f"{name}_error" for name in PARAMETERS), fit.standard_errors, strict=True)),
            "log_likelihood": fit.log_likelihood,
            "customers": fit.customers,
            "repeaters": int(group.loc[group["repeat_days"] > 0, "customers"].sum()),
            "has_converged": fit.converged,
        })  # fmt: skip
    return frames.write(session, pd.DataFrame(rows))
