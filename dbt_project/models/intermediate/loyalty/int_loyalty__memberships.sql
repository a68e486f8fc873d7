{{ config(materialized='view') }}
with members as (
    select member_id, source_system, customer_id, joined_at, status, updated_at
    from {{ ref('stg_crm__loyalty_members') }}
)

select
    member_id,
    source_system,
    customer_id,
    status,
    {{ local_month('joined_at') }} as joined_month,
    coalesce(status, 'active') = 'left' as is_left,
    case when status = 'left' then {{ local_month('updated_at') }} end as left_month
from members
