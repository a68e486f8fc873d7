{%- set scopes = {'region': 'region', 'store': 'store_id'} -%}
{%- set costs = ['interaction_cost', 'ticket_cost', 'compensation_cost', 'service_cost', 'serving_cost', 'relationship_cost', 'revenue', 'profit'] -%}
{{ config(alias='cost_to_serve') }}
with months as (
    select month from {{ ref('int_core__report_months') }}
),

served as (
    select month, store_id, region, coalesce(grade, 'not_in_base') as grade, customers, {{ costs | join(', ') }}
    from {{ ref('cost_to_serve') }}
),

-- the twelve months that end with the month, a customer in the grade of each month's end
windows as (
    select
        months.month,
        served.store_id,
        served.region,
        served.grade,
        served.customers,
        {%- for cost in costs %}
        served.{{ cost }}{{ ',' if not loop.last }}
        {%- endfor %}
    from served
    inner join months on served.month > {{ add_months('months.month', -12) }} and served.month <= months.month
)

select
    month,
    {{ scope_columns(scopes) }},
    grade,
    {{ measure(divide('sum(customers)', 12)) }} as mean_customers,
    {%- for cost in costs %}
    {{ measure('sum(' ~ cost ~ ')') }} as {{ cost }},
    {%- endfor %}
    {{ measure('12 * ' ~ divide('sum(serving_cost)', 'sum(customers)')) }} as serving_cost_per_customer,
    {{ measure('12 * ' ~ divide('sum(profit)', 'sum(customers)')) }} as profit_per_customer
from windows
{{ group_by_scope(scopes, ['month', 'grade']) }}
