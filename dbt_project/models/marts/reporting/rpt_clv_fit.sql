select
    month, status, customers, repeaters, holdout_customers, actual_days, predicted_days, naive_days, error, naive_error, r, r_error,
    alpha, alpha_error, a, a_error, b, b_error, p, p_error, q, q_error, v, v_error
from {{ ref('clv_fit') }}
