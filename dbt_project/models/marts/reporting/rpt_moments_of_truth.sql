{%- set scopes = {'store': 'store_id'} -%}
{%- set rates = {'failed': 'judged', 'bought_again': 'reported', 'positive': 'answers'} -%}
{%- set metrics = {'failed': 'moments_of_truth_failed', 'bought_again': 'moments_of_truth_bought_again', 'positive': 'moments_of_truth_csat'} -%}
with months as (
    select month from {{ ref('int_core__months') }}
),

steps as (
    select journey_step, place
    from {{ ref('journey_steps') }}
),

known as (
    {{ known_figures(metrics.values()) | indent(4) }}
),

cells as (
    select
        steps.month,
        steps.store_id,
        steps.journey_step,
        steps.touches
        {%- for part, whole in rates.items() %},
        {{ if_known(metrics[part], 'steps.' ~ whole) }} as {{ whole }},
        {{ if_known(metrics[part], 'steps.' ~ part) }} as {{ part }}
        {%- endfor %}
    from {{ ref('moments_of_truth') }} as steps
    cross join known
),

summed as (
    select
        cells.month,
        {{ scope_columns(scopes) }},
        cells.journey_step,
        {{ int_sum('cells.touches') }} as touches
        {%- for part, whole in rates.items() %},
        {{ int_sum('cells.' ~ whole) }} as {{ whole }},
        {{ int_sum('cells.' ~ part) }} as {{ part }}
        {%- endfor %}
    from cells
    inner join months on cells.month = months.month
    {{ group_by_scope(scopes, ['cells.month', 'cells.journey_step']) }} -- noqa: PRS
)

select
    summed.month,
    summed.scope_type,
    summed.scope_id,
    summed.journey_step,
    steps.place,
    summed.touches
    {%- for part, whole in rates.items() %},
    summed.{{ whole }},
    summed.{{ part }},
    {{ measure(divide('summed.' ~ part, 'summed.' ~ whole)) }} as {{ part }}_rate,
    {{ measure(wilson_bound('summed.' ~ part, 'summed.' ~ whole, 'low')) }} as {{ part }}_ci_low,
    {{ measure(wilson_bound('summed.' ~ part, 'summed.' ~ whole, 'high')) }} as {{ part }}_ci_high
    {%- endfor %}
from summed
left join steps on summed.journey_step = steps.journey_step
