select repeat_days, customers, actual_days, predicted_days, naive_days
from {{ ref('clv_holdout') }}
