with loaded as (
    select survey_id, load_date, responded_at from {{ source('raw', 'surveys') }}
),

surveys as (
    select survey_id, responded_at from {{ ref('stg_crm__surveys') }}
)

select
    loaded.survey_id,
    loaded.load_date
from loaded
inner join surveys on loaded.survey_id = surveys.survey_id
group by loaded.survey_id, loaded.load_date
having
    count(
        case
            when loaded.responded_at = surveys.responded_at or (loaded.responded_at is null and surveys.responded_at is null) then 1
        end
    ) = 0
