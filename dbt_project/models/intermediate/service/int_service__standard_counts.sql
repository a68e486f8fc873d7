{{ config(materialized='view') }}
with counts as (
    select source_system, standard_id, store_id, period_date, opportunities, defects
    from {{ ref('stg_crm__standard_counts') }}
),

names as (
    select source_system, sent_id, standard_id from {{ ref('int_service__standard_names') }}
)

select
    counts.source_system,
    counts.standard_id as sent_id,
    names.standard_id,
    counts.store_id,
    counts.period_date,
    counts.opportunities,
    counts.defects
from counts
left join names on counts.source_system = names.source_system and counts.standard_id = names.sent_id
