"""BG/NBD and Gamma-Gamma: fitting on grouped counts, and the one expectation that SQL has no function for.

Pure functions of arrays. What goes in and what is made of the numbers (scores, hold-out, refusal), dbt says; its Python
models `int_customer__purchase_fit`, `int_customer__value_fit` and `int_customer__purchase_expectations` call these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import digamma, gammaln, hyp2f1

Floats = NDArray[np.float64]
Objective = Callable[[Floats], tuple[float, Floats]]  # log likelihood and its gradient at parameters

DAYS_PER_WEEK = 7
WEEKS_PER_MONTH = 365.25 / 12 / DAYS_PER_WEEK
_SMALLEST, _LARGEST = 1e-5, 1e5  # a parameter that runs past these says that the model does not fit, not what it is


@dataclass(frozen=True)
class Fit:
    """Maximum-likelihood estimates in the order of the model's parameters; standard errors from the Hessian."""

    estimates: tuple[float, ...]
    standard_errors: tuple[float, ...]  # nan where the fit did not converge
    log_likelihood: float
    customers: int
    converged: bool


def fit_purchases(x: Floats, t_x: Floats, t: Floats, customers: Floats) -> Fit:
    """BG/NBD r, alpha, a, b (Fader, Hardie and Lee, Marketing Science 2005) from rows that stand for `customers` each.

    x repeat purchases, the last of them t_x after the first purchase, which lies t ago; times in weeks.
    """
    repeats, place = np.unique(x, return_inverse=True)  # gamma functions are asked once per number of purchases

    def objective(parameters: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = parameters
        by_repeats = gammaln(r + repeats) + gammaln(b + repeats) - gammaln(a + b + repeats)
        constant = -gammaln(r) + r * np.log(alpha) + gammaln(a + b) - gammaln(b)
        left_alive, left_dropped = np.log(alpha + t), np.log(alpha + t_x)
        alive = -(r + x) * left_alive
        dropout = np.log(a) - np.log(np.maximum(b + x - 1, _SMALLEST)) - (r + x) * left_dropped
        total = np.where(x > 0, np.logaddexp(alive, dropout), alive)
        p_alive = np.exp(alive - total)
        p_dropped = 1 - p_alive
        gradient = np.array([
            _total(customers, (digamma(r + repeats) - digamma(r) + np.log(alpha))[place]
                   - p_alive * left_alive - p_dropped * left_dropped),
            _total(customers, r / alpha - (r + x) * (p_alive / (alpha + t) + p_dropped / (alpha + t_x))),
            _total(customers, (digamma(a + b) - digamma(a + b + repeats))[place] + p_dropped / a),
            _total(customers, (digamma(a + b) + digamma(b + repeats) - digamma(b) - digamma(a + b + repeats))[place]
                   - p_dropped / np.maximum(b + x - 1, _SMALLEST)),
        ])  # fmt: skip
        return _total(customers, by_repeats[place] + constant + total), gradient

    return _maximum(objective, np.array([1.0, 4.0, 1.0, 1.0]), customers)


def fit_values(x: Floats, mean_value: Floats, customers: Floats) -> Fit:
    """Gamma-Gamma p, q, v (Fader and Hardie 2013) from the mean value of x repeat purchases; both above 0."""
    repeats, place = np.unique(x, return_inverse=True)
    unit = float(np.average(mean_value, weights=customers)) if len(x) else 1.0  # v, an amount, is found sooner near 1
    log_total = np.log(x * mean_value / unit)
    log_mean = np.log(mean_value / unit)

    def objective(parameters: Floats) -> tuple[float, Floats]:
        p, q, v = parameters
        sum_and_v = np.exp(log_total) + v
        by_repeats = gammaln(p * repeats + q) - gammaln(p * repeats)
        each = by_repeats[place] - gammaln(q) + q * np.log(v) - log_mean + p * x * log_total
        slope = (digamma(p * repeats + q) - digamma(p * repeats))[place]
        gradient = np.array([
            _total(customers, x * (slope + log_total - np.log(sum_and_v))),
            _total(customers, digamma(p * repeats + q)[place] - digamma(q) + np.log(v) - np.log(sum_and_v)),
            _total(customers, q / v - (p * x + q) / sum_and_v),
        ])  # fmt: skip
        return _total(customers, each - (p * x + q) * np.log(sum_and_v)), gradient

    found = _maximum(objective, np.array([1.0, 3.0, 1.0]), customers)
    (p, q, v), (p_error, q_error, v_error) = found.estimates, found.standard_errors
    return Fit(
        (p, q, v * unit),
        (p_error, q_error, v_error * unit),
        found.log_likelihood - float(np.sum(customers)) * float(np.log(unit)),
        found.customers,
        found.converged,
    )


def expected_if_alive(fit: Fit, x: Floats, t: Floats, ahead: float) -> Floats:
    """Purchases expected in the next `ahead` weeks of customers who are still there at t; times P(alive) it is the
    conditional expectation of Fader, Hardie and Lee (their equation 10, after Euler's transformation, which keeps the
    hypergeometric function near 1 however many purchases there were)."""
    _, _, a, _ = fit.estimates
    if abs(a - 1) > 1e-4:
        return _expected(fit.estimates, x, t, ahead)
    below, above = ((*fit.estimates[:2], near, fit.estimates[3]) for near in (1 - 2e-4, 1 + 2e-4))
    return (_expected(below, x, t, ahead) + _expected(above, x, t, ahead)) / 2  # a = 1 is 0 / 0; its limit is smooth


def discounted_if_alive(fit: Fit, x: Floats, t: Floats, months: int, monthly_discount: float) -> Floats:
    """The same over `months`, each month's purchases discounted to today from the month's end."""
    total = np.zeros(len(x))
    before = np.zeros(len(x))
    for month in range(1, months + 1):
        until = expected_if_alive(fit, x, t, month * WEEKS_PER_MONTH)
        total += (until - before) / (1 + monthly_discount) ** month
        before = until
    return total


def _expected(parameters: tuple[float, ...], x: Floats, t: Floats, ahead: float) -> Floats:
    r, alpha, a, b = parameters
    z = ahead / (alpha + t + ahead)
    rest = (1 - z) ** (a - 1) * hyp2f1(a - 1, a + b - 1 - r, a + b + x - 1, z)
    expected: Floats = (a + b + x - 1) / (a - 1) * (1 - rest)
    return expected


def _maximum(objective: Objective, start: Floats, customers: Floats) -> Fit:
    """Maximises over positive parameters by their logarithms."""
    count = float(np.sum(customers))
    nothing = (float("nan"),) * len(start)
    if count == 0:
        return Fit(nothing, nothing, float("nan"), 0, converged=False)

    def loss(logs: Floats) -> tuple[float, Floats]:
        parameters = np.exp(logs)
        value, gradient = objective(parameters)
        return -value / count, -gradient * parameters / count

    bounds = [(float(np.log(_SMALLEST)), float(np.log(_LARGEST)))] * len(start)
    options = {"maxiter": 500, "ftol": 1e-14, "gtol": 1e-8}
    found = minimize(loss, np.log(start), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    estimates = np.exp(found.x)
    value, gradient = objective(estimates)
    errors = _standard_errors(objective, estimates)
    inside = bool(np.all((estimates > 10 * _SMALLEST) & (estimates < _LARGEST / 10)))
    flat = bool(np.max(np.abs(gradient * estimates)) / count < 1e-5)
    converged = inside and flat and bool(np.all(np.isfinite(errors)))
    return Fit(
        tuple(float(estimate) for estimate in estimates),
        tuple(float(error) for error in errors) if converged else nothing,
        float(value),
        round(count),
        converged,
    )


def _standard_errors(objective: Objective, estimates: Floats) -> Floats:
    """Roots of the diagonal of the inverse of minus the Hessian, itself by differences of the gradient; nan where it is
    not negative definite."""
    size = len(estimates)
    hessian = np.empty((size, size))
    for i in range(size):
        step = np.zeros(size)
        step[i] = 1e-5 * estimates[i]
        hessian[i] = (objective(estimates + step)[1] - objective(estimates - step)[1]) / (2 * step[i])
    information = -(hessian + hessian.T) / 2
    if not np.all(np.isfinite(information)) or np.min(np.linalg.eigvalsh(information)) <= 0:
        return np.full(size, np.nan)
    errors: Floats = np.sqrt(np.diag(np.linalg.inv(information)))
    return errors


def _total(customers: Floats, each: Floats) -> float:
    return float(np.sum(customers * each))
