{%- set is_addressee = 'not coalesce(is_control, false)' -%}
with records as (
    {{ latest_rows('campaign_contacts', persons=ref('int_core__persons')) | indent(4) }}
),

-- two records of a person may both have been assigned; what was sent to the person says the record that it was sent to
persons as (
    select
        campaign_id,
        customer_id,
        min(assigned_at) as assigned_at,
        {%- for column in ['sent_at', 'opened_at', 'clicked_at'] %}
        coalesce(min(case when {{ is_addressee }} then {{ column }} end), min({{ column }})) as {{ column }},
        {%- endfor %}
        coalesce(max(case when {{ is_addressee }} then {{ to_int('delivered') }} end), max({{ to_int('delivered') }})) as delivered,
        min({{ to_int('coalesce(is_control, false)') }}) as are_all_control,
        max({{ to_int('coalesce(is_control, false)') }}) as is_any_control,
        min(source_system) as source_system,
        max(load_date) as load_date,
        min(row_hash) as row_hash
    from records
    group by campaign_id, customer_id
)

select
    campaign_id,
    customer_id,
    assigned_at,
    sent_at,
    delivered = 1 as delivered,
    opened_at,
    clicked_at,
    case when are_all_control = is_any_control then are_all_control = 1 end as is_control,
    source_system,
    load_date,
    row_hash
from persons
