{{ config(materialized='view') }}
with training as (
    select training.agent_id, training.at as trained_at
    from {{ ref('stg_crm__agent_training') }} as training
),

run as (
    select as_of from {{ source('control', 'run') }}
)

select
    training.agent_id,
    {{ local_month('training.trained_at') }} as trained_month,
    count(*) as courses
from training
inner join run on training.trained_at < run.as_of
group by training.agent_id, {{ local_month('training.trained_at') }}
