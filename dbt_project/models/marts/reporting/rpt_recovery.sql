{%- set scopes = {'region': 'region', 'store': 'store_id'} -%}
{%- set parts = ['resolution_class', 'incidents_band'] -%}
with months as (
    select month from {{ ref('int_core__months') }}
),

known as (
    {{ known_figures(['recovery_by', 'recovery_by_180']) | indent(4) }}
),

cases as (
    select
        cases.region,
        cases.store_id,
        cases.resolution_class,
        cases.incidents_band,
        cases.order_days_band,
        {%- for days, metric in {90: 'recovery_by', 180: 'recovery_by_180'}.items() %}
        cases.ripe_month_{{ days }},
        {{ if_known(metric, 'cases.bought_again_' ~ days) }} as bought_again_{{ days }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('recovery') }} as cases
    cross join known
),

cells as (
    {%- for days in [90, 180] %}
    select
        {{ days }} as days,
        ripe_month_{{ days }} as month,
        region,
        store_id,
        resolution_class,
        incidents_band,
        order_days_band,
        count(*) as cases,
        {{ int_sum(to_int('bought_again_' ~ days)) }} as bought_again
    from cases
    where bought_again_{{ days }} is not null
    group by ripe_month_{{ days }}, region, store_id, resolution_class, incidents_band, order_days_band
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

windowed as (
    select
        months.month,
        cells.days,
        cells.region,
        cells.store_id,
        cells.resolution_class,
        cells.incidents_band,
        cells.order_days_band,
        cells.cases,
        cells.bought_again
    from months
    inner join cells
        on
            cells.month <= months.month
            and cells.month > {{ add_months('months.month', -var('window_months')) }}
),

-- what customers without a failure do who buy as often, company-wide
usual as (
    select
        month,
        days,
        order_days_band,
        {{ divide('sum(bought_again)', 'sum(cases)') }} as usual_rate
    from windowed
    where resolution_class = 'no_failure'
    group by month, days, order_days_band
),

with_usual as (
    select
        windowed.month,
        windowed.days,
        windowed.region,
        windowed.store_id,
        windowed.resolution_class,
        windowed.incidents_band,
        windowed.cases,
        windowed.bought_again,
        case when usual.usual_rate is not null then windowed.cases end as comparable,
        windowed.cases * usual.usual_rate as usually_bought_again
    from windowed
    left join usual
        on
            windowed.month = usual.month
            and windowed.days = usual.days
            and windowed.order_days_band = usual.order_days_band
),

summed as (
    select
        month,
        days,
        {{ scope_columns(scopes) }},
        case when grouping(resolution_class) = 0 then 'resolution_class' else 'incidents_band' end as dimension,
        coalesce({{ parts | join(', ') }}) as dimension_value,
        {{ int_sum('cases') }} as cases,
        {{ int_sum('bought_again') }} as bought_again,
        {{ measure(divide('sum(usually_bought_again)', 'sum(comparable)')) }} as usual_rate
    from with_usual
    {{ group_by_scope(scopes, ['month', 'days'], parts) }} -- noqa: PRS
)

select
    month,
    scope_type,
    scope_id,
    days,
    dimension,
    dimension_value,
    cases,
    bought_again,
    {{ measure(divide('bought_again', 'cases')) }} as bought_again_rate,
    {{ measure(wilson_bound('bought_again', 'cases', 'low')) }} as ci_low,
    {{ measure(wilson_bound('bought_again', 'cases', 'high')) }} as ci_high,
    usual_rate,
    cases < {{ var('min_n') }} as is_too_few
from summed
