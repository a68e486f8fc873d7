with openings as (
    select
        schedule_id,
        opens_at,
        open_seconds_from,
        open_seconds_to,
        {{ meter_step('open_seconds_from + 1') }} as first_step,
        {{ meter_step('open_seconds_to') }} as last_step
    from {{ ref('int_service__schedule_openings') }}
)

select
    schedule_id,
    {{ int_series('first_step', 'last_step') }} as meter_step,
    opens_at,
    open_seconds_from,
    open_seconds_to
from openings
