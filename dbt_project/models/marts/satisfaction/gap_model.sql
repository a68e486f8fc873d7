with names as (
    select source_system, sent_id, standard_id from {{ ref('int_service__standard_names') }}
),

answers as (
    select
        names.standard_id, answers.unit, answers.side, answers.respondent_type, answers.response_month, answers.score
    from {{ ref('fct_survey_answer') }} as answers
    inner join names on answers.source_system = names.source_system and answers.standard_id = names.sent_id
    where answers.score is not null
),

windows as (
    select month, window_month
    from {{ ref('int_satisfaction__windows') }}
),

months as (
    select distinct month
    from windows
),

service_standards as (
    select standard_id, source, limit_value, limit_unit, on_time_target, valid_from, valid_to
    from {{ ref('int_service__standards') }}
),

cases as (
    select due_month, standard_id, promised_value, standard_value, delivered_value
    from {{ ref('standard_cases') }}
    where is_on_time is not null and delivered_value is not null
),

counts as (
    select month, standard_id, opportunities, defects
    from {{ ref('standard_store_days') }}
),

servqual as (
    select survey_id
    from {{ ref('servqual') }}
    where unweighted_gap is not null
),

servqual_dimensions as (
    select survey_id, response_month, expectation, perception
    from {{ ref('servqual_dimension') }}
),

causes as (
    select gap, cause_code
    from {{ ref('gap_causes') }}
),

-- the standard in force at the month's start; counted standards are a share without defect
standards_in_force as (
    select
        months.month,
        service_standards.standard_id,
        service_standards.limit_unit as unit,
        {{ measure("case when service_standards.source = 'counts' then service_standards.on_time_target else service_standards.limit_value end") }} as standard_value
    from months
    inner join service_standards
        on
            months.month >= coalesce(service_standards.valid_from, months.month)
            and months.month <= coalesce(service_standards.valid_to, months.month)
),

-- what is said counts only in the standard's own unit
said as (
    select
        windows.month,
        answers.standard_id,
        count(case when answers.respondent_type = 'manager' then 1 end) as believed_n,
        {{ measure(divide("sum(case when answers.respondent_type = 'manager' then answers.score end)", "count(case when answers.respondent_type = 'manager' then 1 end)")) }} as believed,
        count(case when answers.respondent_type = 'customer' and answers.side = 'expectation' then 1 end) as expected_n,
        {{ measure(divide("sum(case when answers.respondent_type = 'customer' and answers.side = 'expectation' then answers.score end)", "count(case when answers.respondent_type = 'customer' and answers.side = 'expectation' then 1 end)")) }} as expected,
        count(case when answers.respondent_type = 'customer' and answers.side = 'perception' then 1 end) as perceived_n,
        {{ measure(divide("sum(case when answers.respondent_type = 'customer' and answers.side = 'perception' then answers.score end)", "count(case when answers.respondent_type = 'customer' and answers.side = 'perception' then 1 end)")) }} as perceived
    from answers
    inner join windows on answers.response_month = windows.window_month
    inner join standards_in_force
        on
            windows.month = standards_in_force.month
            and answers.standard_id = standards_in_force.standard_id
            and answers.unit = standards_in_force.unit
    where answers.side in ('score', 'expectation', 'perception')
    group by windows.month, answers.standard_id
),

delivered_cases as (
    select
        windows.month,
        cases.standard_id,
        count(*) as delivered_n,
        sum(cases.delivered_value) as delivered_sum,
        sum(cases.standard_value) as standard_sum,
        count(cases.promised_value) as promised_n,
        sum(cases.promised_value) as promised_sum,
        sum(case when cases.promised_value is not null then cases.delivered_value end) as delivered_of_promised_sum
    from cases
    inner join windows on cases.due_month = windows.window_month
    group by windows.month, cases.standard_id
),

delivered_counts as (
    select
        windows.month,
        counts.standard_id,
        {{ int_sum('counts.opportunities') }} as opportunities,
        {{ int_sum('counts.defects') }} as defects
    from counts
    inner join windows on counts.month = windows.window_month
    group by windows.month, counts.standard_id
),

servqual_means as (
    select
        windows.month,
        count(distinct servqual_dimensions.survey_id) as n,
        {{ measure(divide('sum(servqual_dimensions.perception)', 'count(*)')) }} as perception,
        {{ measure(divide('sum(servqual_dimensions.expectation)', 'count(*)')) }} as expectation
    from servqual_dimensions
    inner join servqual on servqual_dimensions.survey_id = servqual.survey_id
    inner join windows on servqual_dimensions.response_month = windows.window_month
    group by windows.month
),

gaps as (
    select 1 as gap, month, standard_id, believed as first_value, expected as second_value, least(believed_n, expected_n) as n
    from said
    union all
    select
        2 as gap, said.month, said.standard_id, standards_in_force.standard_value as first_value, said.believed as second_value,
        said.believed_n as n
    from said
    inner join standards_in_force on said.month = standards_in_force.month and said.standard_id = standards_in_force.standard_id
    union all
    select
        3 as gap, month, standard_id, {{ measure(divide('delivered_sum', 'delivered_n')) }} as first_value,
        {{ measure(divide('standard_sum', 'delivered_n')) }} as second_value, delivered_n as n
    from delivered_cases
    union all
    select
        3 as gap, delivered_counts.month, delivered_counts.standard_id,
        {{ measure('1 - ' ~ divide('delivered_counts.defects', 'delivered_counts.opportunities')) }} as first_value,
        standards_in_force.standard_value as second_value, delivered_counts.opportunities as n
    from delivered_counts
    inner join standards_in_force
        on delivered_counts.month = standards_in_force.month and delivered_counts.standard_id = standards_in_force.standard_id
    union all
    select
        4 as gap, month, standard_id, {{ measure(divide('delivered_of_promised_sum', 'promised_n')) }} as first_value,
        {{ measure(divide('promised_sum', 'promised_n')) }} as second_value, promised_n as n
    from delivered_cases
    union all
    select 5 as gap, month, standard_id, perceived as first_value, expected as second_value, least(perceived_n, expected_n) as n
    from said
    union all
    select 5 as gap, month, 'servqual' as standard_id, perception as first_value, expectation as second_value, n
    from servqual_means
),

-- of time and rings the shorter is the better
turned as (
    select
        gaps.gap,
        gaps.month,
        gaps.standard_id,
        case when gaps.standard_id = 'servqual' then 'points' else standards_in_force.unit end as unit,
        coalesce(standards_in_force.unit <> 'rate', false) as is_lower_better,
        gaps.first_value,
        gaps.second_value,
        cast(gaps.n as bigint) as n
    from gaps
    left join standards_in_force on gaps.month = standards_in_force.month and gaps.standard_id = standards_in_force.standard_id
    where gaps.first_value is not null and gaps.second_value is not null
)

select
    turned.month,
    turned.gap,
    turned.standard_id,
    concat(cast(turned.gap as {{ text_type() }}), ' ', turned.standard_id) as gap_subject,
    turned.unit,
    turned.is_lower_better,
    turned.first_value,
    turned.second_value,
    {{ measure('case when turned.is_lower_better then turned.second_value - turned.first_value else turned.first_value - turned.second_value end') }} as gap_value,
    turned.n,
    causes.cause_code,
    case when turned.n < {{ var('min_n') }} then 'too_few' else 'ok' end as status
from turned
inner join causes on turned.gap = causes.gap
