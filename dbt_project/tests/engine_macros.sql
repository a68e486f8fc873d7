-- The engine macros against worked values; the same test runs on DuckDB and on Spark. Rows returned are macros that differ.
{%- set ts = timestamp_type() %}
{%- set ny = "'America/New_York'" %}
{%- set day = "cast('2026-01-31' as date)" %}
{%- set cases = {
    "to_local in standard time": [to_local("cast('2026-03-08 06:59:00' as " ~ ts ~ ")", ny), "cast('2026-03-08 01:59:00' as " ~ ts ~ ")"],
    "to_local after the clock change": [to_local("cast('2026-03-08 07:00:00' as " ~ ts ~ ")", ny), "cast('2026-03-08 03:00:00' as " ~ ts ~ ")"],
    "to_utc": [to_utc("cast('2026-07-01 00:00:00' as " ~ ts ~ ")", ny), "cast('2026-07-01 04:00:00' as " ~ ts ~ ")"],
    "local_month crosses the year": [local_month("cast('2025-12-31 16:00:00' as " ~ ts ~ ")", "'Asia/Shanghai'"), "cast('2026-01-01' as date)"],
    "days_between backwards": [days_between(day, "cast('2026-01-01' as date)"), "-30"],
    "days_between counts midnights": [days_between("cast('2026-01-01 23:59:59' as " ~ ts ~ ")", "cast('2026-01-02 00:00:00' as " ~ ts ~ ")"), "1"],
    "months_between_dates": [months_between_dates("cast('2025-11-30' as date)", day), "2"],
    "seconds_between counts whole seconds elapsed": [seconds_between("cast('2026-01-01 00:00:00.900' as " ~ ts ~ ")", "cast('2026-01-01 00:00:02.100' as " ~ ts ~ ")"), "1"],
    "exact_seconds_between keeps the fraction": [exact_seconds_between("cast('2026-01-01 00:00:00.900' as " ~ ts ~ ")", "cast('2026-01-01 00:00:02.100001' as " ~ ts ~ ")"), "cast(1.200001 as decimal(18, 6))"],
    "exact_seconds_between backwards over a century": [exact_seconds_between("cast('2026-01-01 00:00:00.000001' as " ~ ts ~ ")", "cast('1901-01-01 00:00:00' as " ~ ts ~ ")"), "cast(-3944678400.000001 as decimal(18, 6))"],
    "micros_of_day": [micros_of_day("cast('1899-12-31 23:59:59.999999' as " ~ ts ~ ")"), "86399999999"],
    "add_exact_seconds": [add_exact_seconds("cast('2026-01-01 00:00:00.900' as " ~ ts ~ ")", "cast(3600.200001 as decimal(18, 6))"), "cast('2026-01-01 01:00:01.100001' as " ~ ts ~ ")"],
    "minutes_between": [minutes_between("cast('2026-01-01 00:00:00' as " ~ ts ~ ")", "cast('2026-01-01 00:01:30' as " ~ ts ~ ")"), "1.5"],
    "add_days": [add_days(day, 1), "cast('2026-02-01' as date)"],
    "add_months clips to the end of the month": [add_months(day, 1), "cast('2026-02-28' as date)"],
    "add_minutes": [add_minutes("cast('2026-01-01 00:00:00' as " ~ ts ~ ")", "90"), "cast('2026-01-01 01:30:00' as " ~ ts ~ ")"],
    "iso_weekday of a Sunday": [iso_weekday("cast('2026-03-08' as date)"), "7"],
    "divide of integers keeps the fraction": [divide("1", "4"), "0.25"],
    "measure rounds half away from zero": [measure("cast(1.000000005 as decimal(18, 9))"), "1.00000001"],
    "month_of": [month_of(day), "cast('2026-01-01' as date)"],
} %}
with compared as (
    {%- for name, (got, expected) in cases.items() %}
    select '{{ name }}' as macro_name, coalesce({{ got }} = {{ expected }}, false) as is_equal
    union all
    {%- endfor %}
    select 'divide by zero is null' as macro_name, {{ divide("1", "0") }} is null as is_equal
    union all
    select 'quantile interpolates' as macro_name, {{ quantile("x", 0.75) }} = 3.25 as is_equal
    from (select {{ int_series("1", "4") }} as x) as numbers
    union all
    select
        'value_at takes a place of the values in order, nulls left out' as macro_name,
        {{ value_at(sorted_values("case when x <> 2 then 5 - x end"), 2) }} = 2
        and {{ value_at(sorted_values("x"), 0) }} is null
        and {{ value_at(sorted_values("x"), 5) }} is null as is_equal
    from (select {{ int_series("1", "4") }} as x) as numbers
    union all
    select
        'the interval of a median of 40 is that of its 14th to 27th value, of a 90th percentile 32nd to 40th' as macro_name,
        {{ quantile_place("40", 0.5, "low") }} = 14 and {{ quantile_place("40", 0.5, "high") }} = 27
        and {{ quantile_place("40", 0.9, "low") }} = 32 and {{ quantile_place("40", 0.9, "high") }} = 40 as is_equal
    union all
    select
        'five values have no interval of their median' as macro_name,
        {{ quantile_place("5", 0.5, "low") }} < 1 or {{ quantile_place("5", 0.5, "high") }} > 5 as is_equal
    union all
    select 'last_by keeps a null' as macro_name, {{ last_by("case when x < 4 then x end", "x") }} is null as is_equal
    from (select {{ int_series("1", "4") }} as x) as numbers
    union all
    select 'a series that ends before it starts is empty' as macro_name, count(*) = 0 as is_equal
    from (select {{ month_series("cast('2026-02-01' as date)", "cast('2026-01-01' as date)") }} as x) as months
    union all
    select 'month_series holds both ends' as macro_name, count(*) = 14 and max(x) = cast('2026-02-01' as date) as is_equal
    from (select {{ month_series("cast('2025-01-01' as date)", "cast('2026-02-01' as date)") }} as x) as months
    union all
    select 'hash_of tells null from empty' as macro_name, {{ hash_of(["cast(null as " ~ text_type() ~ ")"]) }} <> {{ hash_of(["''"]) }} as is_equal
)

select macro_name
from compared
where not is_equal
