with purchases as (
    select
        sample, r, alpha, a, b, r_error, alpha_error, a_error, b_error, customers, repeaters, has_converged
    from {{ ref('int_customer__purchase_fit') }}
),

purchase_values as (
    select p, q, v, p_error, q_error, v_error, has_converged from {{ ref('int_customer__value_fit') }}
),

holdout as (
    select customers, actual_days, predicted_days, naive_days, squared_error, naive_squared_error
    from {{ ref('clv_holdout') }}
),

history as (
    select cut_date from {{ ref('int_customer__purchase_history') }}
),

cut as (
    select max(cut_date) as cut_date from history
),

errors as (
    select
        {{ int_sum('customers') }} as holdout_customers,
        {{ int_sum('actual_days') }} as actual_days,
        sum(predicted_days) as predicted_days,
        sum(naive_days) as naive_days,
        sqrt({{ divide('sum(squared_error)', 'sum(customers)') }}) as error,
        sqrt({{ divide('sum(naive_squared_error)', 'sum(customers)') }}) as naive_error
    from holdout
)

select
    {{ month_of('cut.cut_date') }} as month,
    cut.cut_date,
    case
        when all_days.repeaters < {{ var('clv_min_repeaters') }} or calibration.repeaters < {{ var('clv_min_repeaters') }}
            then 'too_few_repeaters'
        when not (all_days.has_converged and calibration.has_converged and purchase_values.has_converged and purchase_values.q > 1)
            then 'not_converged'
        when errors.error <= errors.naive_error then 'forecast'
        else 'worse_than_naive'
    end as status,
    all_days.customers,
    all_days.repeaters,
    {{ measure('all_days.r') }} as r,
    {{ measure('all_days.r_error') }} as r_error,
    {{ measure('all_days.alpha') }} as alpha,
    {{ measure('all_days.alpha_error') }} as alpha_error,
    {{ measure('all_days.a') }} as a,
    {{ measure('all_days.a_error') }} as a_error,
    {{ measure('all_days.b') }} as b,
    {{ measure('all_days.b_error') }} as b_error,
    {{ measure('purchase_values.p') }} as p,
    {{ measure('purchase_values.p_error') }} as p_error,
    {{ measure('purchase_values.q') }} as q,
    {{ measure('purchase_values.q_error') }} as q_error,
    {{ measure('purchase_values.v') }} as v,
    {{ measure('purchase_values.v_error') }} as v_error,
    errors.holdout_customers,
    errors.actual_days,
    {{ measure('errors.predicted_days') }} as predicted_days,
    {{ measure('errors.naive_days') }} as naive_days,
    {{ measure('errors.error') }} as error,
    {{ measure('errors.naive_error') }} as naive_error
from purchases as all_days
inner join purchases as calibration on calibration.sample = 'calibration'
cross join purchase_values
cross join cut
cross join errors
where all_days.sample = 'all' and cut.cut_date is not null
