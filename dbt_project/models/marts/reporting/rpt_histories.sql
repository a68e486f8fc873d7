with histories as (
    select entity, source_system, from_month from {{ ref('int_core__histories') }}
),

stores as (
    select store_id, source_system, region from {{ ref('dim_store') }}
),

scopes as (
    select
        'company' as scope_type,
        'company' as scope_id,
        source_system
    from histories
    group by source_system
    union all
    select
        'store' as scope_type,
        store_id as scope_id,
        source_system
    from stores
    union all
    select distinct
        'region' as scope_type,
        region as scope_id,
        source_system
    from stores
    where region is not null
)

-- of several sources the one that begins last: what the others report the time before it is not the whole
select
    histories.entity,
    scopes.scope_type,
    scopes.scope_id,
    max(histories.from_month) as from_month
from scopes
inner join histories on scopes.source_system = histories.source_system
group by histories.entity, scopes.scope_type, scopes.scope_id
