{{ config(alias='stage_flow') }}
select
    month,
    scope_type,
    scope_id,
    opening,
    new_customers as won,
    reactivated,
    moved_in,
    lost,
    closed,
    moved_out,
    closing
from {{ ref('stage_flow') }}
