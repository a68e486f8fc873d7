with counts as (
    select repeat_days, last_repeat_day, age_days, customers, holdout_days, holdout_squares
    from {{ ref('int_customer__purchase_counts') }}
    where sample = 'calibration'
),

expectations as (
    select repeat_days, age_days, expected
    from {{ ref('int_customer__purchase_expectations') }}
    where sample = 'calibration'
),

fit as (
    select r, alpha, a, b
    from {{ ref('int_customer__purchase_fit') }}
    where sample = 'calibration'
),

forecasts as (
    select
        counts.repeat_days,
        counts.customers,
        counts.holdout_days,
        counts.holdout_squares,
        expectations.expected * {{ p_alive('counts.repeat_days', 'counts.last_repeat_day', 'counts.age_days', 'fit') }} as predicted,
        coalesce({{ divide('counts.repeat_days * 7 * ' ~ var('clv_holdout_weeks'), 'counts.age_days') }}, 0) as naive
    from counts
    cross join fit
    left join expectations
        on counts.repeat_days = expectations.repeat_days
        and counts.age_days = expectations.age_days
)

select
    least(repeat_days, 7) as repeat_days,
    {{ int_sum('customers') }} as customers,
    {{ int_sum('holdout_days') }} as actual_days,
    {{ measure('sum(' ~ measure('customers * predicted') ~ ')') }} as predicted_days,
    {{ measure('sum(' ~ measure('customers * naive') ~ ')') }} as naive_days,
    {{ measure('sum(' ~ measure('holdout_squares - 2 * predicted * holdout_days + customers * predicted * predicted') ~ ')') }}
        as squared_error,
    {{ measure('sum(' ~ measure('holdout_squares - 2 * naive * holdout_days + customers * naive * naive') ~ ')') }}
        as naive_squared_error
from forecasts
group by least(repeat_days, 7)
