{%- set scopes = {'region': 'region', 'store': 'store_id'} -%}
{%- set parts = ['interaction_cost', 'ticket_cost', 'compensation_cost', 'service_cost', 'relationship_cost'] -%}
{#- by the figure that says whether there are such amounts; a part that no figure names, by its own -#}
{%- set amounts = {'serving_cost': 'cost_to_serve', 'revenue': 'profitability_monthly', 'profit': 'profitability_monthly'} -%}
with months as (
    select month from {{ ref('int_core__report_months') }}
),

known as (
    {{ known_figures(amounts.values() | unique) | indent(4) }}
),

parts_known as (
    select
        {%- for part in parts %}
        count(nullif({{ part }}, 0)) > 0 as {{ part }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('cost_to_serve') }}
),

served as (
    select
        cells.month,
        cells.store_id,
        cells.region,
        coalesce(cells.grade, 'not_in_base') as grade,
        cells.customers,
        {%- for part in parts %}
        case when parts_known.{{ part }} then cells.{{ part }} end as {{ part }},
        {%- endfor %}
        {%- for amount, metric in amounts.items() %}
        {{ if_known(metric, 'cells.' ~ amount) }} as {{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('cost_to_serve') }} as cells
    cross join known
    cross join parts_known
),

-- of a history shorter than the window, the months that there are
lengths as (
    select months.month, count(*) as months_count
    from months
    inner join {{ ref('int_core__months') }} as covered
        on covered.month > {{ add_months('months.month', -12) }} and covered.month <= months.month
    group by months.month
),

-- the twelve months that end with the month, a customer in the grade of each month's end
windows as (
    select
        months.month,
        served.store_id,
        served.region,
        served.grade,
        served.customers,
        lengths.months_count,
        {%- for amount in parts + amounts.keys() | list %}
        served.{{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from served
    inner join months on served.month > {{ add_months('months.month', -12) }} and served.month <= months.month
    inner join lengths on months.month = lengths.month
)

select
    month,
    {{ scope_columns(scopes) }},
    grade,
    {{ measure(divide('sum(customers)', 'max(months_count)')) }} as mean_customers,
    {%- for amount in ['interaction_cost', 'ticket_cost', 'compensation_cost', 'service_cost', 'serving_cost', 'relationship_cost', 'revenue', 'profit'] %}
    {{ measure(sum_if_all_known(amount)) }} as {{ amount }},
    {%- endfor %}
    {{ measure('12 * ' ~ divide(sum_if_all_known('serving_cost'), 'sum(customers)')) }} as serving_cost_per_customer,
    {{ measure('12 * ' ~ divide(sum_if_all_known('profit'), 'sum(customers)')) }} as profit_per_customer
from windows
{{ group_by_scope(scopes, ['month', 'grade']) }} -- noqa: PRS
