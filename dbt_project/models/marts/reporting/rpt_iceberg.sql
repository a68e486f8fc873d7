{%- set scopes = {'region': 'region', 'store': 'store_id'} -%}
with months as (
    select month from {{ ref('int_core__months') }}
),

-- without complaints nobody is known to have been silent
known as (
    {{ known_figures(['iceberg', 'iceberg_dissatisfied']) | indent(4) }}
),

answers as (
    select
        response_month,
        ripe_month,
        region,
        store_id,
        is_dissatisfied,
        has_complained
    from {{ ref('iceberg') }}
),

customer_months as (
    select month, region, store_id
    from {{ ref('fct_customer_month') }}
    where is_active
),

cells as (
    select
        response_month as month,
        region,
        store_id,
        count(*) as answered,
        {{ int_sum(to_int('is_dissatisfied')) }} as dissatisfied,
        cast(0 as bigint) as reported,
        cast(0 as bigint) as complained
    from answers
    group by response_month, region, store_id
    union all
    select
        ripe_month as month,
        region,
        store_id,
        cast(0 as bigint) as answered,
        cast(0 as bigint) as dissatisfied,
        count(*) as reported,
        {{ int_sum(to_int('has_complained')) }} as complained
    from answers
    where has_complained is not null
    group by ripe_month, region, store_id
),

windowed as (
    select
        months.month,
        cells.region,
        cells.store_id,
        cells.answered,
        {{ if_known('iceberg_dissatisfied', 'cells.answered') }} as judged,
        {{ if_known('iceberg_dissatisfied', 'cells.dissatisfied') }} as dissatisfied,
        {{ if_known('iceberg', 'cells.reported') }} as reported,
        {{ if_known('iceberg', 'cells.complained') }} as complained
    from months
    cross join known
    inner join cells
        on
            cells.month <= months.month
            and cells.month > {{ add_months('months.month', -var('window_months')) }}
),

summed as (
    select
        month,
        {{ scope_columns(scopes) }},
        {{ int_sum('answered') }} as answered,
        {{ int_sum('judged') }} as judged,
        {{ int_sum('dissatisfied') }} as dissatisfied,
        {{ int_sum('reported') }} as reported,
        {{ int_sum('complained') }} as complained
    from windowed
    {{ group_by_scope(scopes, ['month']) }} -- noqa: PRS
),

customers as (
    select
        month,
        {{ scope_columns(scopes) }},
        count(*) as customers
    from customer_months
    {{ group_by_scope(scopes, ['month']) }} -- noqa: PRS
)

select
    summed.month,
    summed.scope_type,
    summed.scope_id,
    summed.answered,
    summed.dissatisfied,
    {{ measure(divide('summed.dissatisfied', 'summed.judged')) }} as dissatisfied_rate,
    {{ measure(wilson_bound('summed.dissatisfied', 'summed.judged', 'low')) }} as dissatisfied_ci_low,
    {{ measure(wilson_bound('summed.dissatisfied', 'summed.judged', 'high')) }} as dissatisfied_ci_high,
    customers.customers,
    cast(round({{ divide('summed.dissatisfied', 'summed.judged') }} * customers.customers, 0) as bigint) as dissatisfied_customers,
    summed.reported,
    summed.complained,
    {{ measure(divide('summed.complained', 'summed.reported')) }} as complained_rate,
    {{ measure(wilson_bound('summed.complained', 'summed.reported', 'low')) }} as complained_ci_low,
    {{ measure(wilson_bound('summed.complained', 'summed.reported', 'high')) }} as complained_ci_high,
    {{ measure(var('quoted_complaint_share')) }} as quoted_rate
from summed
left join customers
    on
        summed.month = customers.month
        and summed.scope_type = customers.scope_type
        and summed.scope_id = customers.scope_id
