{%- set no_text = 'cast(null as ' ~ text_type() ~ ')' -%}
with complaints as (
    select
        ticket_id,
        store_id,
        region,
        judged_month,
        is_major,
        major_type,
        escalation_reason,
        began_ordinary,
        is_converted
    from {{ ref('complaint_handling') }}
    where judged_month is not null
),

taxonomy as (
    select facet, code
    from {{ ref('complaint_taxonomy') }}
),

reasons as (
    select code from taxonomy
    where facet = 'escalation_reason'
    union
    select coalesce(escalation_reason, 'not_stated') as code from complaints
    where is_converted
),

types as (
    select code from taxonomy
    where facet = 'major_type'
    union
    select coalesce(major_type, 'not_stated') as code from complaints
    where is_major
)

select
    complaints.ticket_id,
    'escalation_reason' as facet,
    reasons.code as escalation_reason,
    {{ no_text }} as major_type,
    complaints.store_id,
    complaints.region,
    complaints.judged_month,
    complaints.is_converted and coalesce(complaints.escalation_reason, 'not_stated') = reasons.code as is_such
from complaints
cross join reasons
where complaints.began_ordinary
union all
select
    complaints.ticket_id,
    'major_type' as facet,
    {{ no_text }} as escalation_reason,
    types.code as major_type,
    complaints.store_id,
    complaints.region,
    complaints.judged_month,
    complaints.is_major and coalesce(complaints.major_type, 'not_stated') = types.code as is_such
from complaints
cross join types
