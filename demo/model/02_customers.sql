-- Who the customers are, when they came and when they left.
create table customers as
with drawn as (
    select
        i as customer,
        case
            when u(i, 'segment') < 0.06 then 'prospect'
            when u(i, 'segment') < 0.66 then 'one_timer'
            when u(i, 'segment') < 0.85 then 'occasional'
            when u(i, 'segment') < 0.95 then 'regular'
            else 'champion'
        end as segment,
        getvariable('store_wheel')[1 + cast(floor(100 * u(i, 'store')) as int)] as store,
        u(i, 'type') < 0.07 as is_company,
        case when u(i, 'old') < 0.36 then -1 - floor(900 * u(i, 'joined'))
            else floor(791 * pow(u(i, 'joined'), 0.9)) end::int as joined_day
    from range(1, getvariable('customers') + 1) as t (i)
),
lives as (
    select
        *,
        store >= 11 or u(customer, 'expat') < 0.06 as speaks_english,
        case when u(customer, 'leaves') < 0.34
            then least(792, greatest(joined_day, 0) + 20 + floor(-420 * ln(1 - u(customer, 'stays'))))
            else 792 end::int as left_day
    from drawn
)
select
    customer,
    'K' || lpad(customer::varchar, 8, '0') as customer_id,
    segment, store, is_company, joined_day, left_day, speaks_english,
    plus(on_day(joined_day)::timestamp, 28800 + 36000 * u(customer, 'known')) as first_known_at,
    case when segment <> 'prospect'
        then plus(on_day(joined_day)::timestamp, 28800 + 36000 * u(customer, 'known')) end as acquired_at,
    pick(['search', 'social', 'store', 'advertising', 'referral', 'partner'], customer, 'acquired by') as acquisition_channel,
    case when u(customer, 'left tells') < 0.35 and left_day < 791 and segment <> 'prospect'
        then plus(on_day(left_day)::timestamp, 36000 + 30000 * u(customer, 'closed')) end as closed_at,
    -- planted: this customer moves to another store during the daily deliveries
    case when customer = 17 then timestamp '2026-10-12 11:20:00' end as moved_at,
    case when customer = 17 then store % 9 + 1 else store end as later_store,
    -- one in nine changes the telephone number during October
    case when u(customer, 'new phone') < 0.02
        then plus(timestamp '2026-10-01 09:00:00', 86400 * floor(31 * u(customer, 'new phone day'))
            + floor(36000 * u(customer, 'new phone hour'))) end as phone_changed_at,
    0 as delay
from lives;
