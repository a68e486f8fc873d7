"""Gamma-Gamma fitted on the grouped counts of repeat days and their mean value; the likelihood is in
dbt_project/python/purchases.py."""

import pandas as pd

from dbt_project.python import frames
from dbt_project.python.purchases import fit_values

PARAMETERS = ("p", "q", "v")


def model(dbt, session):
    values = frames.read(dbt.ref("int_customer__repeat_values"))
    fit = fit_values(
        values["repeat_days"].to_numpy(float), values["mean_value"].to_numpy(float), values["customers"].to_numpy(float)
    )
    row = {
        **dict(zip(PARAMETERS, fit.estimates, strict=True)),
        **dict(zip((f"{name}_error" for name in PARAMETERS), fit.standard_errors, strict=True)),
        "log_likelihood": fit.log_likelihood,
        "customers": fit.customers,
        "has_converged": fit.converged,
    }
    return frames.write(session, pd.DataFrame([row]))
