{#- One row per supplied entity and source: rows of its newest delivery against the median of those before it, of the same load mode. -#}
with

loaded as (
    select
        entity,
        source_system,
        load_date,
        load_mode,
        rows_loaded,
        row_number() over (partition by entity, source_system order by load_date desc) as nth
    from work.control.loads
    where status = 'loaded'
),

newest as (
    select * from loaded where nth = 1
),

former as (
    select
        loaded.entity,
        loaded.source_system,
        count(*) as deliveries,
        median(loaded.rows_loaded) as rows_loaded
    from loaded
    inner join newest
        on loaded.entity = newest.entity
        and loaded.source_system = newest.source_system
        and loaded.load_mode = newest.load_mode
    where loaded.nth between 2 and {{ limits.deliveries }} + 1
    group by loaded.entity, loaded.source_system
)

select
    newest.entity || ' of ' || newest.source_system as subject,
    newest.load_date as key,
    case
        when former.deliveries >= {{ limits.min_history }}
            then newest.rows_loaded < least(former.rows_loaded * {{ limits.min_ratio }}, former.rows_loaded - {{ limits.slack_rows }})
                or newest.rows_loaded > greatest(former.rows_loaded * {{ limits.max_ratio }}, former.rows_loaded + {{ limits.slack_rows }})
    end as is_broken
from newest
left join former
    on newest.entity = former.entity
    and newest.source_system = former.source_system
