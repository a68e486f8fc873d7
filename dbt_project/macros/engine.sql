{# Every difference between DuckDB and Spark 4 (ANSI), once. Models call these; no model names an engine.
   Times are naive UTC timestamps (TIMESTAMP on DuckDB, TIMESTAMP_NTZ on Spark). Arguments are SQL expressions as text. #}


{# Company reporting zone as an SQL literal. #}
{% macro reporting_zone() -%} '{{ var("reporting_time_zone") }}' {%- endmacro %}


{# The run's cut by event time, exclusive, UTC. #}
{% macro as_of() -%} (select run.as_of from {{ source('control', 'run') }} as run) {%- endmacro %}

{# A stored measure: one decimal type, so that sums do not depend on the order of rows. #}
{% macro measure(x) -%} cast({{ x }} as decimal(28, 8)) {%- endmacro %}

{# A number of units about to be multiplied by a price: the product of two decimals of 18 digits would be held to 18, on DuckDB. #}
{% macro units(x) -%} cast({{ x }} as decimal(19, 6)) {%- endmacro %}

{# A stored score with three places, of which products stay small. Cut to 18 digits first: DuckDB rounds wider decimals 20
   times as slowly. #}
{% macro score_of_measure(x) -%} cast(cast({{ x }} as decimal(17, 8)) as decimal(9, 3)) {%- endmacro %}

{# The square of a measure, or another term too large for one: a decimal again, for the same reason. #}
{% macro wide_measure(x) -%} cast({{ x }} as decimal(38, 8)) {%- endmacro %}
{% macro measure_squared(x) -%} {{ wide_measure('power(cast(' ~ x ~ ' as double), 2)') }} {%- endmacro %}

{# n / d as a double on both engines (decimal division differs), null where d is 0. #}
{% macro divide(n, d) -%} (cast({{ n }} as double) / nullif(cast({{ d }} as double), 0)) {%- endmacro %}

{# Sum of integers as bigint on both engines (DuckDB would give hugeint). #}
{% macro int_sum(x) -%} cast(sum({{ x }}) as bigint) {%- endmacro %}

{# Boolean to 1 / 0, null stays null. #}
{% macro to_int(x) -%} cast({{ x }} as integer) {%- endmacro %}


{# ---- local time ---- #}

{# Local wall time of a UTC timestamp. zone: SQL expression of an IANA zone, the reporting zone by default. #}
{% macro to_local(ts, zone=none) -%} {{ adapter.dispatch('to_local')(ts, zone or reporting_zone()) }} {%- endmacro %}
{% macro duckdb__to_local(ts, zone) -%} timezone({{ zone }}, timezone('UTC', {{ ts }})) {%- endmacro %}
{% macro spark__to_local(ts, zone) -%} convert_timezone('UTC', {{ zone }}, {{ ts }}) {%- endmacro %}

{# UTC of a local wall time. #}
{% macro to_utc(ts, zone=none) -%} {{ adapter.dispatch('to_utc')(ts, zone or reporting_zone()) }} {%- endmacro %}
{% macro duckdb__to_utc(ts, zone) -%} timezone('UTC', timezone({{ zone }}, cast({{ ts }} as timestamp))) {%- endmacro %}
{% macro spark__to_utc(ts, zone) -%} convert_timezone({{ zone }}, 'UTC', cast({{ ts }} as timestamp_ntz)) {%- endmacro %}

{% macro local_date(ts, zone=none) -%} cast({{ to_local(ts, zone) }} as date) {%- endmacro %}

{# First day of the local month of a UTC timestamp. #}
{% macro local_month(ts, zone=none) -%} {{ month_of(local_date(ts, zone)) }} {%- endmacro %}

{# First day of the month of a date. #}
{% macro month_of(date) -%} {{ adapter.dispatch('month_of')(date) }} {%- endmacro %}
{% macro duckdb__month_of(date) -%} cast(date_trunc('month', {{ date }}) as date) {%- endmacro %}
{% macro spark__month_of(date) -%} trunc({{ date }}, 'MM') {%- endmacro %}


{# ---- distances and steps ---- #}

{# Calendar days from one date to another. #}
{% macro days_between(start, end) -%} {{ adapter.dispatch('days_between')(start, end) }} {%- endmacro %}
{% macro duckdb__days_between(start, end) -%} date_diff('day', cast({{ start }} as date), cast({{ end }} as date)) {%- endmacro %}
{% macro spark__days_between(start, end) -%} cast(datediff(cast({{ end }} as date), cast({{ start }} as date)) as bigint) {%- endmacro %}

{# Days since 1970: windows over a range of days need a number to order by. #}
{% macro day_number(date) -%} {{ days_between("cast('1970-01-01' as date)", date) }} {%- endmacro %}

{# Calendar months from the month of one date to the month of another. #}
{% macro months_between_dates(start, end) -%}
    cast((year({{ end }}) - year({{ start }})) * 12 + month({{ end }}) - month({{ start }}) as bigint)
{%- endmacro %}

{# Whole seconds elapsed. #}
{% macro seconds_between(start, end) -%} {{ adapter.dispatch('seconds_between')(start, end) }} {%- endmacro %}
{% macro duckdb__seconds_between(start, end) -%} date_sub('second', {{ start }}, {{ end }}) {%- endmacro %}
{% macro spark__seconds_between(start, end) -%} timestampdiff(second, {{ start }}, {{ end }}) {%- endmacro %}

{# Seconds elapsed to the microsecond, a decimal(18, 6). Business time is measured as finely (business_minutes.sql): with whole
   seconds, each end cut to its own, an interval of 0.2 s could hold more business time than time. #}
{% macro exact_seconds_between(start, end) -%} {{ exact_seconds(adapter.dispatch('micros_between')(start, end)) }} {%- endmacro %}
{% macro duckdb__micros_between(start, end) -%} date_diff('microsecond', {{ start }}, {{ end }}) {%- endmacro %}
{% macro spark__micros_between(start, end) -%} timestampdiff(microsecond, {{ start }}, {{ end }}) {%- endmacro %}

{# Microseconds as seconds, without a detour over doubles. #}
{% macro exact_seconds(micros) -%}
    cast(cast({{ micros }} as decimal(18, 0)) * cast(0.000001 as decimal(7, 6)) as decimal(18, 6))
{%- endmacro %}

{# Microseconds since the day began. #}
{% macro micros_of_day(ts) -%}
    (cast(hour({{ ts }}) as bigint) * 3600000000 + cast(minute({{ ts }}) as bigint) * 60000000 + {{ adapter.dispatch('micros_of_minute')(ts) }})
{%- endmacro %}
{% macro duckdb__micros_of_minute(ts) -%} microsecond({{ ts }}) {%- endmacro %}
{% macro spark__micros_of_minute(ts) -%} cast(date_part('SECOND', {{ ts }}) * 1000000 as bigint) {%- endmacro %}

{# Elapsed minutes, a double with the seconds as its fraction. #}
{% macro minutes_between(start, end) -%} {{ divide(seconds_between(start, end), 60) }} {%- endmacro %}

{% macro add_days(date, n) -%} {{ adapter.dispatch('add_days')(date, n) }} {%- endmacro %}
{% macro duckdb__add_days(date, n) -%} (cast({{ date }} as date) + cast({{ n }} as integer)) {%- endmacro %}
{% macro spark__add_days(date, n) -%} date_add(cast({{ date }} as date), cast({{ n }} as int)) {%- endmacro %}

{% macro add_months(date, n) -%} {{ adapter.dispatch('add_months')(date, n) }} {%- endmacro %}
{% macro duckdb__add_months(date, n) -%} cast({{ date }} + to_months(cast({{ n }} as integer)) as date) {%- endmacro %}
{% macro spark__add_months(date, n) -%} add_months({{ date }}, cast({{ n }} as int)) {%- endmacro %}

{% macro add_seconds(ts, n) -%} {{ adapter.dispatch('add_seconds')(ts, n) }} {%- endmacro %}
{% macro duckdb__add_seconds(ts, n) -%} ({{ ts }} + to_seconds({{ n }})) {%- endmacro %}
{% macro spark__add_seconds(ts, n) -%} timestampadd(second, {{ n }}, {{ ts }}) {%- endmacro %}

{# The same by seconds with a fraction, to the microsecond. #}
{% macro add_exact_seconds(ts, n) -%} {{ adapter.dispatch('add_micros')(ts, 'cast((' ~ n ~ ') * 1000000 as bigint)') }} {%- endmacro %}
{% macro duckdb__add_micros(ts, n) -%} ({{ ts }} + to_microseconds({{ n }})) {%- endmacro %}
{% macro spark__add_micros(ts, n) -%} timestampadd(microsecond, {{ n }}, {{ ts }}) {%- endmacro %}

{% macro add_minutes(ts, n) -%} {{ add_seconds(ts, '(' ~ n ~ ') * 60') }} {%- endmacro %}

{# 1 = Monday ... 7 = Sunday. #}
{% macro iso_weekday(date) -%} {{ adapter.dispatch('iso_weekday')(date) }} {%- endmacro %}
{% macro duckdb__iso_weekday(date) -%} cast(isodow({{ date }}) as integer) {%- endmacro %}
{% macro spark__iso_weekday(date) -%} (weekday({{ date }}) + 1) {%- endmacro %}


{# ---- series: as the one expression of a select list, a row per step, none when the end is before the start ---- #}

{% macro month_series(first, last) -%} {{ adapter.dispatch('month_series')(first, last) }} {%- endmacro %}
{% macro duckdb__month_series(first, last) -%}
    unnest(cast(generate_series(cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval 1 month) as date[]))
{%- endmacro %}
{% macro spark__month_series(first, last) -%}
    explode(case when {{ first }} <= {{ last }} then sequence({{ first }}, {{ last }}, interval 1 month) end)
{%- endmacro %}

{% macro day_series(first, last) -%} {{ adapter.dispatch('day_series')(first, last) }} {%- endmacro %}
{% macro duckdb__day_series(first, last) -%}
    unnest(cast(generate_series(cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval 1 day) as date[]))
{%- endmacro %}
{% macro spark__day_series(first, last) -%}
    explode(case when {{ first }} <= {{ last }} then sequence({{ first }}, {{ last }}, interval 1 day) end)
{%- endmacro %}

{% macro int_series(first, last) -%} {{ adapter.dispatch('int_series')(first, last) }} {%- endmacro %}
{% macro duckdb__int_series(first, last) -%} unnest(generate_series({{ first }}, {{ last }})) {%- endmacro %}
{% macro spark__int_series(first, last) -%}
    explode(case when {{ first }} <= {{ last }} then sequence({{ first }}, {{ last }}) end)
{%- endmacro %}


{# ---- aggregates ---- #}

{# Interpolated quantile of an aggregate, a double. Nulls are left out. #}
{% macro quantile(x, q) -%} {{ adapter.dispatch('quantile')(x, q) }} {%- endmacro %}
{% macro duckdb__quantile(x, q) -%} quantile_cont(cast({{ x }} as double), {{ q }}) {%- endmacro %}
{% macro spark__quantile(x, q) -%} percentile(cast({{ x }} as double), {{ q }}) {%- endmacro %}

{% macro median(x) -%} {{ quantile(x, 0.5) }} {%- endmacro %}

{# The values of a group in order, of which value_at takes the one at a place counted from 1, null where there is none. #}
{% macro sorted_values(x) -%} {{ adapter.dispatch('sorted_values')(x) }} {%- endmacro %}
{% macro duckdb__sorted_values(x) -%} list_sort(list({{ x }}) filter (where {{ x }} is not null)) {%- endmacro %}
{% macro spark__sorted_values(x) -%} sort_array(collect_list({{ x }})) {%- endmacro %}

{% macro value_at(values, place) -%} {{ adapter.dispatch('value_at')(values, place) }} {%- endmacro %}
{% macro duckdb__value_at(values, place) -%} list_extract({{ values }}, greatest({{ place }}, 0)) {%- endmacro %}
{% macro spark__value_at(values, place) -%} get({{ values }}, cast({{ place }} - 1 as int)) {%- endmacro %}

{# x of the row with the largest (smallest) y, even where that x is null. y must be unique in the group. #}
{% macro last_by(x, y) -%} {{ adapter.dispatch('last_by')(x, y) }} {%- endmacro %}
{% macro duckdb__last_by(x, y) -%} arg_max_null({{ x }}, {{ y }}) {%- endmacro %}
{% macro spark__last_by(x, y) -%} max_by({{ x }}, {{ y }}) {%- endmacro %}

{% macro first_by(x, y) -%} {{ adapter.dispatch('first_by')(x, y) }} {%- endmacro %}
{% macro duckdb__first_by(x, y) -%} arg_min_null({{ x }}, {{ y }}) {%- endmacro %}
{% macro spark__first_by(x, y) -%} min_by({{ x }}, {{ y }}) {%- endmacro %}

{# Last value that is not null, of a window that reaches to the current row; an `over` follows. #}
{% macro last_known(x) -%} {{ adapter.dispatch('last_known')(x) }} {%- endmacro %}
{% macro duckdb__last_known(x) -%} last_value({{ x }} ignore nulls) {%- endmacro %}
{% macro spark__last_known(x) -%} last_value({{ x }}, true) {%- endmacro %}


{# ---- types and text ---- #}

{# A naive timestamp. #}
{% macro timestamp_type() -%} {{ 'timestamp_ntz' if target.type == 'spark' else 'timestamp' }} {%- endmacro %}

{% macro numbers_type() -%} {{ 'array<double>' if target.type == 'spark' else 'double[]' }} {%- endmacro %}

{% macro text_type() -%} {{ 'string' if target.type == 'spark' else 'varchar' }} {%- endmacro %}

{# Whether a text holds what a regular expression says; no backslashes, which the engines read differently. #}
{% macro matches(x, pattern) -%} {{ adapter.dispatch('matches')(x, pattern) }} {%- endmacro %}
{% macro duckdb__matches(x, pattern) -%} regexp_matches({{ x }}, '{{ pattern }}') {%- endmacro %}
{% macro spark__matches(x, pattern) -%} regexp_like({{ x }}, '{{ pattern }}') {%- endmacro %}

{# A month as text, 2026-01. #}
{% macro month_text(month) -%} substr(cast({{ month }} as {{ text_type() }}), 1, 7) {%- endmacro %}

{# MD5 of several columns, null told apart from the empty text. #}
{% macro hash_of(columns) -%}
    md5(concat_ws('|'
        {%- for column in columns -%}, coalesce('=' || cast({{ column }} as {{ text_type() }}), '') {%- endfor -%}
    ))
{%- endmacro %}
