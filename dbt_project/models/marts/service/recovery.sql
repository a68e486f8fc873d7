with run as (
    select as_of_date from {{ source('control', 'run') }}
),

failures as (
    select
        failure_id,
        kind,
        customer_id,
        store_id,
        region,
        severity,
        failed_at,
        {{ local_date('failed_at') }} as failed_date,
        incident_id,
        is_first_of_incident,
        resolved_at,
        resolution_class
    from {{ ref('int_service__failures') }}
),

order_days as (
    select
        customer_id,
        order_date,
        order_month
    from {{ ref('int_customer__order_days') }}
),

customers as (
    select
        customer_id,
        month,
        store_id,
        region
    from {{ ref('fct_customer_month') }}
),

-- what went wrong for the customer in the year up to and including each failure
numbered as (
    select
        failure_id,
        kind,
        customer_id,
        store_id,
        region,
        severity,
        failed_at,
        failed_date,
        resolved_at,
        resolution_class,
        row_number() over (partition by customer_id, incident_id, kind order by failed_at, failure_id) as sign_no,
        sum({{ to_int('is_first_of_incident') }}) over (
            partition by customer_id order by {{ day_number('failed_date') }}
            range between 365 preceding and current row
        ) as incidents
    from failures
),

-- one case per incident that was complained about, one per low score that was not
failed as (
    select
        failure_id as case_id,
        customer_id,
        store_id,
        region,
        kind = 'complaint' as is_complaint,
        severity,
        failed_date as case_date,
        case
            when resolution_class in ('silent', 'unresolved', 'on_the_spot') then resolution_class
            when {{ seconds_between('failed_at', 'resolved_at') }} < 90 * 86400 then 'later'
            else 'unresolved'
        end as resolution_class,
        greatest(incidents, 1) as incidents
    from numbered
    where sign_no = 1 and resolution_class is not null
),

-- the control: the first order day of a month with nothing wrong about it
signs as (
    select
        customer_id,
        {{ day_number('failed_date') }} as day_no,
        cast(null as date) as order_date,
        cast(null as date) as order_month,
        1 as failures
    from failures
    union all
    select
        customer_id,
        {{ day_number('order_date') }} as day_no,
        order_date,
        order_month,
        0 as failures
    from order_days
),

watched as (
    select
        customer_id,
        order_date,
        order_month,
        sum(failures) over (
            partition by customer_id order by day_no
            range between {{ var('silent_days') }} preceding and {{ var('silent_days') }} following
        ) as failures_near
    from signs
),

untroubled as (
    select
        customer_id,
        order_month,
        min(order_date) as case_date
    from watched
    where order_date is not null and failures_near = 0
    group by customer_id, order_month
),

cases as (
    select
        case_id,
        customer_id,
        store_id,
        region,
        is_complaint,
        severity,
        case_date,
        resolution_class,
        incidents
    from failed
    union all
    select
        'order:' || untroubled.customer_id || ':' || cast(untroubled.case_date as {{ text_type() }}) as case_id,
        untroubled.customer_id,
        customers.store_id,
        customers.region,
        false as is_complaint,
        cast(null as {{ text_type() }}) as severity,
        untroubled.case_date,
        'no_failure' as resolution_class,
        0 as incidents
    from untroubled
    left join customers
        on untroubled.customer_id = customers.customer_id and untroubled.order_month = customers.month
),

timeline as (
    select
        case_id,
        customer_id,
        {{ day_number('case_date') }} as day_no,
        cast(null as date) as order_date
    from cases
    union all
    select
        cast(null as {{ text_type() }}) as case_id,
        customer_id,
        {{ day_number('order_date') }} as day_no,
        order_date
    from order_days
),

-- an order on the same day is not a return; how often someone buys decides much of whether they do so again
followed as (
    select
        case_id,
        min(order_date) over (
            partition by customer_id order by day_no
            range between 1 following and unbounded following
        ) as next_order_date,
        count(order_date) over (
            partition by customer_id order by day_no
            range between 365 preceding and current row
        ) as order_days_before
    from timeline
)

select
    cases.case_id,
    cases.customer_id,
    cases.store_id,
    cases.region,
    cases.is_complaint,
    cases.severity,
    cases.case_date,
    {{ month_of('cases.case_date') }} as case_month,
    cases.resolution_class,
    cast(cases.incidents as integer) as incidents,
    case
        when cases.incidents = 0 then 'none'
        when cases.incidents = 1 then 'one'
        when cases.incidents = 2 then 'two'
        else 'three_or_more'
    end as incidents_band,
    case
        when followed.order_days_before <= 1 then '0_to_1'
        when followed.order_days_before <= 3 then '2_to_3'
        when followed.order_days_before <= 7 then '4_to_7'
        when followed.order_days_before <= 15 then '8_to_15'
        else 'over_15'
    end as order_days_band,
    followed.next_order_date
    {%- for days in [90, 180] %},
    {{ month_of(add_days('cases.case_date', days)) }} as ripe_month_{{ days }},
    case
        when {{ add_days('cases.case_date', days) }} <= run.as_of_date
            then coalesce({{ days_between('cases.case_date', 'followed.next_order_date') }} <= {{ days }}, false)
    end as bought_again_{{ days }}
    {%- endfor %}
from cases
inner join followed on cases.case_id = followed.case_id
cross join run
