-- The few items meet their instruments first; the many answers then need two joins.
with items as (
    select
        i.*,
        coalesce(i.scale_min, n.scale_min) as low,
        coalesce(i.scale_max, n.scale_max) as high
    from staging.stg_crm__survey_items as i
    left join reference.survey_instruments as n using (instrument)
)
select
    s.survey_id,
    s.source_system,
    s.instrument,
    a.item_id,
    a.side,
    i.dimension,
    i.quality,
    i.attribute,
    i.standard_id,
    i.unit,
    (case
        when a.score = i.not_applicable_value then null
        when i.reverse then i.low + i.high - a.score
        else a.score
    end)::decimal(28, 8) as score,
    i.low::decimal(28, 8) as scale_min,
    i.high::decimal(28, 8) as scale_max,
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
from staging.stg_crm__survey_answers as a
inner join intermediate.int_satisfaction__surveys as s on s.survey_id = a.survey_id and s.is_response
left join items as i on i.instrument = s.instrument and i.item_id = a.item_id
