{#- One row per supplied entity and source: days from its newest delivery to known_at against its own rhythm. -#}
with

loaded as (
    select
        entity,
        source_system,
        load_date,
        load_date - lag(load_date) over (partition by entity, source_system order by load_date) as gap_days,
        row_number() over (partition by entity, source_system order by load_date desc) as nth
    from work.control.loads
    where status = 'loaded'
),

supplied as (
    select
        entity,
        source_system,
        max(load_date) as load_date,
        median(gap_days) as usual_gap_days
    from loaded
    where nth <= {{ limits.deliveries }}
    group by entity, source_system
)

select
    supplied.entity || ' of ' || supplied.source_system as subject,
    supplied.load_date as key,
    run.known_at - supplied.load_date
    > greatest({{ limits.max_days }}, coalesce(supplied.usual_gap_days, 0) * {{ limits.times_usual_gap }}) as is_broken
from supplied
cross join work.control.run as run
