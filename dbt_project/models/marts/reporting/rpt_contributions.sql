with figures as (
    select
        month, scope_type, scope_id, metric_id, value, numerator, denominator, n, previous, year_ago, change_previous,
        change_year_ago
    from {{ ref('kpi_monthly') }}
    where dimension = ''
),

definitions as (
    select metric_id, kind, unit
    from {{ ref('rpt_metric_definitions') }}
),

-- the company's changes that passed the test, on the month before and on the year
called as (
    {%- for period, months_back in [('previous', 1), ('year_ago', 12)] %}
    select
        month,
        metric_id,
        '{{ period }}' as period,
        {{ add_months('month', -months_back) }} as base_month,
        numerator,
        denominator
    from figures
    where scope_type = 'company' and change_{{ period }} in ('better', 'worse', 'changed')
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

changes as (
    select
        called.month,
        called.metric_id,
        called.period,
        called.base_month,
        called.numerator,
        called.denominator,
        base.numerator as base_numerator,
        base.denominator as base_denominator,
        {{ divide('base.numerator', 'base.denominator') }} as base_rate,
        case when definitions.kind = 'nps' then 100e0 when definitions.unit = 'per_1000' then 1000e0 else 1e0 end as scale
    from called
    inner join figures as base
        on called.base_month = base.month and called.metric_id = base.metric_id and base.scope_type = 'company'
    inner join definitions on called.metric_id = definitions.metric_id
    where called.denominator > 0 and base.denominator > 0
),

-- a member may have figures in one of the two months alone
sides as (
    {%- for side in ['month', 'base_month'] %}
    select
        changes.month,
        changes.metric_id,
        changes.period,
        figures.scope_type,
        figures.scope_id,
        {%- for own in ['month', 'base_month'] %}
        {%- set prefix = '' if own == 'month' else 'base_' %}
        {{ 'figures.numerator' if side == own else '0' }} as {{ prefix }}numerator,
        {{ 'figures.denominator' if side == own else '0' }} as {{ prefix }}denominator,
        {{ 'figures.n' if side == own else '0' }} as {{ prefix }}n{{ ',' if not loop.last }}
        {%- endfor %}
    from changes
    inner join figures on changes.{{ side }} = figures.month and changes.metric_id = figures.metric_id
    where figures.scope_type in ('region', 'store', 'category', 'team')
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

members as (
    select
        month,
        metric_id,
        period,
        scope_type,
        scope_id,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        {{ int_sum('n') }} as n,
        sum(base_numerator) as base_numerator,
        sum(base_denominator) as base_denominator,
        {{ int_sum('base_n') }} as base_n
    from sides
    group by month, metric_id, period, scope_type, scope_id
),

-- cases of no member (an order of no store) are a member of their own, so that the parts make the whole
rests as (
    select
        changes.month,
        changes.metric_id,
        changes.period,
        members.scope_type,
        changes.numerator - sum(members.numerator) as numerator,
        changes.denominator - sum(members.denominator) as denominator,
        changes.base_numerator - sum(members.base_numerator) as base_numerator,
        changes.base_denominator - sum(members.base_denominator) as base_denominator
    from changes
    inner join members
        on changes.month = members.month and changes.metric_id = members.metric_id and changes.period = members.period
    group by
        changes.month, changes.metric_id, changes.period, members.scope_type, changes.numerator, changes.denominator,
        changes.base_numerator, changes.base_denominator
),

every_part as (
    select
        members.month, members.metric_id, members.period, members.scope_type, members.scope_id, members.numerator,
        members.denominator, members.n, members.base_numerator, members.base_denominator, members.base_n
    from members
    union all
    select
        month, metric_id, period, scope_type, '' as scope_id, numerator, denominator, cast(null as bigint) as n,
        base_numerator, base_denominator, cast(null as bigint) as base_n
    from rests
    where denominator <> 0 or base_denominator <> 0
)

select
    every_part.month,
    every_part.metric_id,
    every_part.period,
    every_part.scope_type,
    every_part.scope_id,
    every_part.n,
    every_part.base_n,
    {{ measure('changes.scale * ' ~ divide('every_part.numerator', 'every_part.denominator')) }} as value,
    {{ measure('changes.scale * ' ~ divide('every_part.base_numerator', 'every_part.base_denominator')) }} as base_value,
    {{ measure('changes.scale * ('
        ~ divide('every_part.numerator - every_part.denominator * changes.base_rate', 'changes.denominator')
        ~ ' - '
        ~ divide('every_part.base_numerator - every_part.base_denominator * changes.base_rate', 'changes.base_denominator')
        ~ ')') }} as contribution
from every_part
inner join changes
    on
        every_part.month = changes.month
        and every_part.metric_id = changes.metric_id
        and every_part.period = changes.period
inner join rests
    on
        every_part.month = rests.month
        and every_part.metric_id = rests.metric_id
        and every_part.period = rests.period
        and every_part.scope_type = rests.scope_type
-- where a case counts for two members (an order of two categories) they are no parts of the whole
where rests.denominator >= 0 and rests.base_denominator >= 0
