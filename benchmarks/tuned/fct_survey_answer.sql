-- The few items meet their instruments first; the many answers then need two joins.
with items as (
    select
        i.*,
        g.source_system as asked_by,
        coalesce(i.scale_min, case when i.unit is null then coalesce(o.scale_min, n.scale_min) end) as low,
        coalesce(i.scale_max, case when i.unit is null then coalesce(o.scale_max, n.scale_max) end) as high
    from staging.stg_crm__survey_items as i
    inner join intermediate.int_core__givers as g on g.entity = 'survey_items' and g.giver = i.source_system
    left join reference.survey_instruments as o on o.instrument = i.instrument and o.source_system = g.source_system
    left join reference.survey_instruments as n on n.instrument = i.instrument and n.source_system is null
    qualify row_number() over (partition by g.source_system, i.instrument, i.item_id order by i.source_system) = 1
),

judged as (
    select
        a.survey_id,
        a.item_id,
        a.side,
        case when a.score = i.not_applicable_value then null else a.score end as given,
        coalesce(i.low, case when i.item_id is null then coalesce(o.scale_min, n.scale_min) end) as low,
        coalesce(i.high, case when i.item_id is null then coalesce(o.scale_max, n.scale_max) end) as high,
        a.side <> 'importance' and coalesce(given < low or given > high, false) as is_beyond,
        coalesce(i.reverse, false) as is_reversed,
        i.dimension,
        i.quality,
        i.attribute,
        i.product_level,
        i.standard_id,
        i.unit,
        s
    from staging.stg_crm__survey_answers as a
    inner join intermediate.int_satisfaction__surveys as s on s.survey_id = a.survey_id and s.is_response
    left join items as i on i.asked_by = s.source_system and i.instrument = s.instrument and i.item_id = a.item_id
    left join reference.survey_instruments as o on o.instrument = s.instrument and o.source_system = s.source_system
    left join reference.survey_instruments as n on n.instrument = s.instrument and n.source_system is null
)

select
    survey_id,
    s.source_system,
    s.instrument,
    s.form,
    item_id,
    side,
    dimension,
    quality,
    attribute,
    product_level,
    standard_id,
    unit,
    (case when is_beyond then null when is_reversed then low + high - given else given end)::decimal(28, 8) as score,
    is_beyond as is_beyond_scale,
    low::decimal(28, 8) as scale_min,
    high::decimal(28, 8) as scale_max,
    s.respondent_type,
    s.customer_id,
    s.touch_point,
    s.about_id,
    s.channel,
    s.store_id,
    s.region,
    s.sent_at,
    s.responded_at,
    s.response_month
from judged
