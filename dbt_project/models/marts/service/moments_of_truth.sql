with run as (
    select as_of_date from {{ source('control', 'run') }}
),

touches as (
    select
        customer_id,
        touch_date,
        {{ day_number('touch_date') }} as day_no,
        journey_step,
        store_id,
        is_failed
    from {{ ref('int_service__touches') }}
),

order_days as (
    select
        customer_id,
        order_date,
        {{ day_number('order_date') }} as day_no
    from {{ ref('int_customer__order_days') }}
),

tickets as (
    select ticket_id, kind, phase
    from {{ ref('fct_ticket') }}
),

answers as (
    select
        touch_point,
        about_id,
        store_id,
        response_month,
        is_positive
    from {{ ref('csat') }}
    where is_positive is not null
),

-- a customer's touches of one kind on one day are one moment, failed if any of them failed
moments as (
    select
        customer_id,
        day_no,
        touch_date,
        journey_step,
        store_id,
        count(*) as touches,
        count(is_failed) as judged,
        {{ int_sum(to_int('is_failed')) }} as failed
    from touches
    group by customer_id, day_no, touch_date, journey_step, store_id
),

timeline as (
    select
        customer_id,
        day_no,
        touch_date,
        journey_step,
        store_id,
        touches,
        judged,
        failed,
        cast(null as bigint) as order_day_no
    from moments
    union all
    select
        customer_id,
        day_no,
        order_date as touch_date,
        cast(null as {{ text_type() }}) as journey_step,
        cast(null as {{ text_type() }}) as store_id,
        cast(null as bigint) as touches,
        cast(null as bigint) as judged,
        cast(null as bigint) as failed,
        day_no as order_day_no
    from order_days
),

followed as (
    select
        touch_date,
        journey_step,
        store_id,
        touches,
        judged,
        failed,
        coalesce(min(order_day_no) over (
            partition by customer_id order by day_no
            range between 1 following and unbounded following
        ) <= day_no + 90, false) as bought_again
    from timeline
),

counted as (
    select
        {{ month_of('touch_date') }} as month,
        store_id,
        journey_step,
        touches,
        judged,
        coalesce(failed, 0) as failed,
        0 as reported,
        0 as bought_again,
        0 as answers,
        0 as positive
    from followed
    where journey_step is not null
    union all
    select
        {{ month_of(add_days('followed.touch_date', 90)) }} as month,
        followed.store_id,
        followed.journey_step,
        0 as touches,
        0 as judged,
        0 as failed,
        1 as reported,
        {{ to_int('followed.bought_again') }} as bought_again,
        0 as answers,
        0 as positive
    from followed
    cross join run
    where followed.journey_step is not null and {{ add_days('followed.touch_date', 90) }} <= run.as_of_date
    union all
    select
        answers.response_month as month,
        answers.store_id,
        case
            when answers.touch_point = 'order' then 'ordered'
            when answers.touch_point = 'delivery' then 'delivered'
            when answers.touch_point = 'service_order' then 'served'
            when tickets.kind = 'complaint' then 'complained'
            when tickets.phase = 'before_sale' then 'enquired'
            else 'asked'
        end as journey_step,
        0 as touches,
        0 as judged,
        0 as failed,
        0 as reported,
        0 as bought_again,
        1 as answers,
        {{ to_int('answers.is_positive') }} as positive
    from answers
    left join tickets on case when answers.touch_point = 'ticket' then answers.about_id end = tickets.ticket_id
    where answers.touch_point in ('order', 'delivery', 'service_order', 'ticket')
)

select
    month,
    store_id,
    journey_step,
    {%- for figure in ['touches', 'judged', 'failed', 'reported', 'bought_again', 'answers', 'positive'] %}
    {{ int_sum(figure) }} as {{ figure }}{{ ',' if not loop.last }}
    {%- endfor %}
from counted
group by month, store_id, journey_step
