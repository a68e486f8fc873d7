with scopes as (
    select distinct
        scope_type,
        scope_id
    from {{ ref('kpi_monthly') }}
),

names as (
    select
        scope_type,
        scope_id,
        name
    from {{ ref('int_core__last_names') }}
)

select
    scope_type,
    scope_id,
    name
from names
union all
-- the others are named as they are: teams, regions, channels, categories; and a store that no list of stores has
select
    scopes.scope_type,
    scopes.scope_id,
    scopes.scope_id as name
from scopes
left join names
    on
        names.scope_type = 'store'
        and scopes.scope_type = names.scope_type
        and scopes.scope_id = names.scope_id
where names.scope_id is null
