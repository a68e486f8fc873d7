with history as (
    select
        repeat_days, last_repeat_day, age_days, calibration_repeat_days, calibration_last_repeat_day, calibration_age_days, holdout_days
    from {{ ref('int_customer__purchase_history') }}
)

select
    'all' as sample,
    repeat_days,
    last_repeat_day,
    age_days,
    count(*) as customers,
    cast(null as bigint) as holdout_days,
    cast(null as bigint) as holdout_squares,
    cast(null as integer) as weeks_ahead,
    cast({{ var('clv_horizon_months') }} as integer) as months_ahead,
    cast({{ var('clv_monthly_discount') }} as double) as monthly_discount
from history
group by repeat_days, last_repeat_day, age_days
union all
select
    'calibration' as sample,
    calibration_repeat_days as repeat_days,
    calibration_last_repeat_day as last_repeat_day,
    calibration_age_days as age_days,
    count(*) as customers,
    {{ int_sum('holdout_days') }} as holdout_days,
    {{ int_sum('holdout_days * holdout_days') }} as holdout_squares,
    cast({{ var('clv_holdout_weeks') }} as integer) as weeks_ahead,
    cast(null as integer) as months_ahead,
    cast(null as double) as monthly_discount
from history
where calibration_age_days is not null
group by calibration_repeat_days, calibration_last_repeat_day, calibration_age_days
