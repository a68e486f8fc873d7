{{ config(post_hook="{{ forget_months_built() }}") }}
{#- What the monthly tables are made of: each fact with the month from which a row of it matters. -#}
{%- set facts = {
    'months': {'from': ref('int_core__months'), 'month': 'month', 'columns': ['month_end_at']},
    'activity': {
        'from': ref('int_customer__activity_months'),
        'month': 'month',
        'columns': [
            'customer_id', 'orders_count', 'valued_orders', 'order_days', 'spend', 'last_order_date', 'gaps_count', 'gap_days',
            'gap_days_squared', 'own_limit_days',
        ],
    },
    'known': {
        'from': ref('dim_customer'),
        'month': 'first_known_month',
        'columns': [
            'customer_id', 'source_system', 'type', 'is_contract', 'has_orders_supplied',
            "status = 'closed' and closed_at is null",
        ],
    },
    'acquired': {'from': ref('dim_customer'), 'month': 'acquired_month', 'columns': ['customer_id']},
    'closed': {'from': ref('dim_customer'), 'month': local_month('closed_at'), 'columns': ['customer_id', 'closed_at']},
    'versions': {
        'from': ref('int_customer__version_months'),
        'month': 'month',
        'columns': ['customer_id', 'store_id', 'region', 'status', 'valid_from'],
    },
    'stores': {
        'from': ref('int_core__store_versions'),
        'month': local_month('valid_from'),
        'columns': ['store_id', 'region', 'valid_from'],
    },
} -%}
{%- set before = months_built_before() -%}
with fingerprints as (
    {%- for fact, rows_of in facts.items() %}
    select
        '{{ fact }}' as fact,
        {{ rows_of.month }} as month,
        {{ rows_fingerprint(rows_of.columns) }} as fingerprint
    from {{ rows_of.from }}
    where {{ rows_of.month }} is not null
    group by {{ rows_of.month }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)
{%- if before is none %}

select
    fact,
    month,
    fingerprint,
    true as is_changed
from fingerprints
{%- else %},

built as (
    select
        fact,
        month,
        fingerprint
    from {{ before }}
)

select
    coalesce(fingerprints.fact, built.fact) as fact,
    coalesce(fingerprints.month, built.month) as month,
    fingerprints.fingerprint,
    coalesce(fingerprints.fingerprint <> built.fingerprint, true) as is_changed
from fingerprints
full outer join built on fingerprints.fact = built.fact and fingerprints.month = built.month
{%- endif %}
