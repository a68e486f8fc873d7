{%- set scopes = {
    'company': ["'company'", "'company'"],
    'region': ["coalesce(region, 'unknown')", "coalesce(previous_region, 'unknown')"],
    'store': ["coalesce(store_id, 'unknown')", "coalesce(previous_store_id, 'unknown')"],
} -%}
with customer_months as (
    select month, stage, previous_stage, is_active, was_active, store_id, previous_store_id, region, previous_region
    from {{ ref('fct_customer_month') }}
    where is_active or was_active
),

covered as (
    select
        min(month) as first_month,
        max(month) as last_month
    from {{ ref('int_core__months') }}
),

scoped as (
    {%- for scope_type, (scope, previous_scope) in scopes.items() %}
    select
        month,
        '{{ scope_type }}' as scope_type,
        {{ scope }} as scope_id,
        {{ previous_scope }} as previous_scope_id,
        stage,
        previous_stage,
        is_active,
        was_active
    from customer_months
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- what the month before counted in the scope
opened as (
    select {{ add_months('month', 1) }} as month, scope_type, scope_id, count(*) as opening
    from scoped
    where is_active
    group by month, scope_type, scope_id
),

came as (
    select
        month,
        scope_type,
        scope_id,
        count(case when not was_active and coalesce(previous_stage, 'unknown') not in ('lost', 'closed') then 1 end) as new_customers,
        count(case when not was_active and previous_stage in ('lost', 'closed') then 1 end) as reactivated,
        count(case when was_active and scope_id <> previous_scope_id then 1 end) as moved_in,
        count(case when was_active is null then 1 end) as not_known_before,
        count(*) as closing
    from scoped
    where is_active
    group by month, scope_type, scope_id
),

went as (
    select
        month,
        scope_type,
        previous_scope_id as scope_id,
        count(case when stage = 'lost' then 1 end) as lost,
        count(case when stage = 'closed' then 1 end) as closed,
        count(case when is_active and scope_id <> previous_scope_id then 1 end) as moved_out,
        count(case when is_active is null then 1 end) as not_known_now
    from scoped
    where was_active
    group by month, scope_type, previous_scope_id
),

scope_months as (
    select month, scope_type, scope_id from opened
    union
    select month, scope_type, scope_id from came
    union
    select month, scope_type, scope_id from went
)

select
    scope_months.month,
    scope_months.scope_type,
    scope_months.scope_id,
    coalesce(opened.opening, 0) as opening,
    coalesce(came.new_customers, 0) as new_customers,
    coalesce(came.reactivated, 0) as reactivated,
    coalesce(came.moved_in, 0) as moved_in,
    coalesce(went.lost, 0) as lost,
    coalesce(went.closed, 0) as closed,
    coalesce(went.moved_out, 0) as moved_out,
    coalesce(came.closing, 0) as closing
from scope_months
cross join covered
{%- for side in ['opened', 'came', 'went'] %}
left join {{ side }}
    on scope_months.month = {{ side }}.month
    and scope_months.scope_type = {{ side }}.scope_type
    and scope_months.scope_id = {{ side }}.scope_id
{%- endfor %}
where
    scope_months.month > covered.first_month and scope_months.month <= covered.last_month
    -- whose activity becomes known in a month, or is known no longer, neither came nor went
    and coalesce(came.not_known_before, 0) = 0 and coalesce(went.not_known_now, 0) = 0
