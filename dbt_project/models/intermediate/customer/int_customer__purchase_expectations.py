"""Expected purchases of customers who are still there, tabled once per number of purchases and age: the hypergeometric
function in them is the one thing of the forecast that SQL cannot say. It does not depend on the last purchase, which
SQL brings in with P(alive)."""

import pandas as pd

from dbt_project.python import frames
from dbt_project.python.purchases import DAYS_PER_WEEK, Fit, discounted_if_alive, expected_if_alive

COLUMNS = {"sample": "str", "repeat_days": "int64", "age_days": "int64", "expected": "float64", "discounted": "float64"}


def model(dbt, session):
    counts = frames.read(dbt.ref("int_customer__purchase_counts"))
    fits = frames.read(dbt.ref("int_customer__purchase_fit"))
    tables = []
    for fit in fits[fits["has_converged"].astype(bool)].to_dict("records"):
        parameters = Fit(tuple(fit[name] for name in ("r", "alpha", "a", "b")), (), fit["log_likelihood"], 0, True)
        group = counts[counts["sample"] == fit["sample"]]
        table = group[["sample", "repeat_days", "age_days"]].drop_duplicates(ignore_index=True)
        x, t = table["repeat_days"].to_numpy(float), table["age_days"].to_numpy(float) / DAYS_PER_WEEK
        if fit["sample"] == "calibration":
            table["expected"] = expected_if_alive(parameters, x, t, float(group["weeks_ahead"].iloc[0]))
        else:
            months, discount = int(group["months_ahead"].iloc[0]), float(group["monthly_discount"].iloc[0])
            table["expected"] = discounted_if_alive(parameters, x, t, months, 0.0)
            table["discounted"] = discounted_if_alive(parameters, x, t, months, discount)
        tables.append(table)
    rows = pd.concat([pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS), *tables], ignore_index=True)
    return frames.write(session, rows.astype(COLUMNS))
