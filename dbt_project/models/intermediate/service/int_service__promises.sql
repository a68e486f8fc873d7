{{ config(materialized='view') }}
with promises as (
    select promise_id, source_system, department, store_id, standard_id, value, unit, valid_from, valid_to
    from {{ ref('stg_crm__promises') }}
),

names as (
    select source_system, sent_id, standard_id from {{ ref('int_service__standard_names') }}
)

select
    promises.promise_id,
    promises.source_system,
    promises.department,
    promises.store_id,
    promises.standard_id as sent_id,
    names.standard_id,
    promises.value,
    promises.unit,
    promises.valid_from,
    promises.valid_to
from promises
left join names on promises.source_system = names.source_system and promises.standard_id = names.sent_id
