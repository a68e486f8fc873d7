with interactions as (
    select interaction_id, customer_id, channel, purpose, started_at, abandoned, direction
    from {{ ref('stg_crm__interactions') }}
),

campaign_contacts as (
    select campaign_id, customer_id, sent_at, delivered, is_control
    from {{ ref('stg_crm__campaign_contacts') }}
),

campaigns as (
    select campaign_id, channel, goal
    from {{ ref('stg_crm__campaigns') }}
),

run as (
    select as_of from {{ source('control', 'run') }}
),

contacts as (
    select
        'interaction' as contact_type,
        interaction_id as source_id,
        customer_id,
        started_at as contacted_at,
        channel,
        purpose,
        not coalesce(abandoned, false) as is_reached
    from interactions
    where direction = 'outbound'
    union all
    select
        'campaign' as contact_type,
        campaign_contacts.campaign_id as source_id,
        campaign_contacts.customer_id,
        campaign_contacts.sent_at as contacted_at,
        campaigns.channel,
        campaigns.goal as purpose,
        coalesce(campaign_contacts.delivered, true) as is_reached
    from campaign_contacts
    left join campaigns on campaign_contacts.campaign_id = campaigns.campaign_id
    where not coalesce(campaign_contacts.is_control, false)
)

select
    contacts.contact_type,
    contacts.source_id,
    contacts.customer_id,
    contacts.contacted_at,
    {{ local_date('contacts.contacted_at') }} as contact_date,
    {{ local_month('contacts.contacted_at') }} as contact_month,
    contacts.channel,
    contacts.purpose,
    contacts.is_reached
from contacts
cross join run
where contacts.customer_id is not null and contacts.contacted_at < run.as_of
