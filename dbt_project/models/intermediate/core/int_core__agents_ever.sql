with agents as (
    select
        agent_id,
        source_system,
        hired_at,
        left_at,
        load_date,
        row_hash
    from {{ source('raw', 'agents') }}
),

loads as (
    select
        source_system,
        max(load_date) as snapshot_date
    from {{ source('control', 'loads') }}
    where entity = 'agents' and status = 'loaded' and load_mode = 'snapshot'
    group by source_system
),

ranked as (
    select
        agent_id,
        source_system,
        hired_at,
        left_at,
        load_date,
        row_number() over (partition by agent_id order by load_date desc, row_hash desc) as load_no
    from agents
)

-- an agent who is in the list no longer left when it was last there, unless the list had told when
select
    ranked.agent_id,
    ranked.hired_at,
    coalesce(
        ranked.left_at,
        case when ranked.load_date < loads.snapshot_date then {{ to_utc(add_days('ranked.load_date', 1)) }} end
    ) as left_at
from ranked
left join loads on ranked.source_system = loads.source_system
where ranked.load_no = 1
