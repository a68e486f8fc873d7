{{ config(materialized='view') }}
with contacts as (
    select
        campaign_id,
        customer_id,
        source_system,
        coalesce(assigned_at, sent_at) as assigned_at,
        sent_at,
        delivered,
        opened_at,
        clicked_at,
        is_control,
        not coalesce(is_control, false) as is_addressee
    from {{ ref('stg_crm__campaign_contacts') }}
),

run as (
    select as_of from {{ source('control', 'run') }}
)

-- of the control group nothing is sent, whatever the source says
select
    contacts.campaign_id,
    contacts.customer_id,
    contacts.source_system,
    contacts.is_control,
    contacts.assigned_at,
    case when contacts.is_addressee and contacts.sent_at < run.as_of then contacts.sent_at end as sent_at,
    case when contacts.is_addressee then contacts.delivered end as is_delivered,
    case when contacts.is_addressee and contacts.opened_at < run.as_of then contacts.opened_at end as opened_at,
    case when contacts.is_addressee and contacts.clicked_at < run.as_of then contacts.clicked_at end as clicked_at
from contacts
inner join run on contacts.assigned_at < run.as_of
