{{ config(materialized='view') }}
with campaigns as (
    select campaign_id, source_system, name, channel, goal, starts_at, ends_at, cost
    from {{ ref('stg_crm__campaigns') }}
)

select
    campaign_id,
    source_system,
    name,
    channel,
    goal,
    starts_at,
    case when starts_at < {{ as_of() }} then {{ local_month('starts_at') }} end as started_month,
    ends_at,
    cost
from campaigns
