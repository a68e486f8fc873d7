with needs as (
    select metric_id, need_no, entity, column_name from {{ ref('int_core__metric_needs') }}
),

given as (
    select entity, column_name, source_system from {{ source('control', 'supply') }}
),

given_by_anyone as (
    select distinct entity, column_name
    from given
    union all
    select 'reference' as entity, table_name as column_name
    from {{ ref('int_core__tables_stated') }}
    where rows_stated > 0
),

senders as (
    select distinct entity, source_system
    from {{ source('control', 'loads') }}
    where status = 'loaded' and rows_loaded > 0
),

sources as (
    select distinct source_system from senders
),

-- what a source sends itself must have the column; what it leaves to another one, somebody must give
alternatives as (
    select
        needs.metric_id,
        needs.need_no,
        needs.entity,
        sources.source_system,
        senders.entity is not null as is_sent,
        max({{ to_int('senders.entity is not null') }})
            over (partition by needs.metric_id, needs.need_no, sources.source_system) as is_any_sent,
        case
            when senders.entity is not null then {{ to_int('given.entity is not null') }}
            else {{ to_int('given_by_anyone.entity is not null') }}
        end as is_given
    from needs
    cross join sources
    left join senders on needs.entity = senders.entity and sources.source_system = senders.source_system
    left join given
        on
            needs.entity = given.entity
            and needs.column_name = given.column_name
            and sources.source_system = given.source_system
    left join given_by_anyone
        on needs.entity = given_by_anyone.entity and needs.column_name = given_by_anyone.column_name
),

-- of alternatives those decide that it sends itself: the lines of another source say nothing of a discount on its orders
met as (
    select
        metric_id,
        need_no,
        source_system,
        max(case when is_sent or entity = 'reference' or is_any_sent = 0 then is_given else 0 end) as is_met
    from alternatives
    group by metric_id, need_no, source_system
)

select
    metric_id,
    source_system,
    min(is_met) = 1 as is_supplied
from met
group by metric_id, source_system
