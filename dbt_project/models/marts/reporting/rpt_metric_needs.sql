with needs as (
    select metric_id, need_no, entity, column_name from {{ ref('int_core__metric_needs') }}
),

sources as (
    select metric_id, is_supplied from {{ ref('int_core__metric_sources') }}
),

given as (
    select distinct entity, column_name
    from {{ source('control', 'supply') }}
    union all
    select 'reference' as entity, table_name as column_name
    from {{ ref('int_core__tables_stated') }}
    where rows_stated > 0
),

supplied_metrics as (
    select distinct metric_id
    from sources
    where is_supplied
),

alternatives as (
    select
        needs.metric_id,
        needs.need_no,
        needs.entity,
        needs.column_name,
        max({{ to_int('given.entity is not null') }}) over (partition by needs.metric_id, needs.need_no) as is_given,
        supplied_metrics.metric_id is not null as is_supplied
    from needs
    left join given on needs.entity = given.entity and needs.column_name = given.column_name
    left join supplied_metrics on needs.metric_id = supplied_metrics.metric_id
),

-- where somebody gives each need but no source all that it would have to, all of them are reported
counted as (
    select
        metric_id,
        min(is_given) as are_all_given
    from alternatives
    group by metric_id
)

select
    alternatives.metric_id,
    alternatives.need_no,
    alternatives.entity,
    alternatives.column_name,
    alternatives.is_supplied or (alternatives.is_given = 1 and counted.are_all_given = 0) as is_met
from alternatives
inner join counted on alternatives.metric_id = counted.metric_id
