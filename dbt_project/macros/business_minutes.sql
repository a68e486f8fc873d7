{# Business time, read like a meter.

   `int_service__schedule_calendar` holds, per schedule and UTC day, how many seconds the schedule had been open when the day
   began and the day's openings as fixed columns. A moment is read by ONE equi-join on (schedule_id, day); the business
   seconds of an interval are the difference of the readings of its ends, whatever lies between: shifts, nights, holidays,
   changes of the schedule or of the clocks.

   The day is UTC's, not the schedule's own: a moment finds its row by a cast. Local days need a zone conversion per
   moment with the zone in a column (17 s per 4 million moments on DuckDB against 0.02 s), and where clocks go back at
   midnight a local day is not one stretch of time. Time zones are met once, when the calendar is made. #}


{# Openings that one UTC day may have; a schedule that needs more fails the build (tests/service_calendar_fits.sql). #}
{% macro openings_per_day() -%} {{ return(5) }} {%- endmacro %}


{# The schedule of a store, or the company's where it has none of its own. #}
{% macro own_schedule(schedule_id) -%}
coalesce({{ schedule_id }}, '{{ var("default_schedule_id") }}')
{%- endmacro %}


{# The time zone of each schedule. #}
{% macro schedule_zones() -%}
    select
        schedule_id,
        min(time_zone) as time_zone
    from {{ ref('schedules') }}
    group by schedule_id
{%- endmacro %}


{# The calendar, as the import of a model that reads the meter. #}
{% macro calendar_columns() -%}
    select
        schedule_id,
        utc_date,
        {%- for n in range(1, openings_per_day() + 1) %}
        opens_second_{{ n }},
        closes_second_{{ n }},
        {%- endfor %}
        open_seconds_before
    from {{ ref('int_service__schedule_calendar') }}
{%- endmacro %}


{# Condition that joins a calendar row to a moment. #}
{% macro on_calendar_day(calendar, schedule_id, at) -%}
    {{ calendar }}.schedule_id = {{ schedule_id }} and {{ calendar }}.utc_date = cast({{ at }} as date)
{%- endmacro %}


{# Reading of the meter at a moment, in seconds to the microsecond; null where the moment or its calendar day is unknown. It
   never runs faster than the clock, so that business time is never more than time, however short the interval. #}
{% macro open_seconds(calendar, at) -%}
    {%- set micros -%}
    {{ calendar }}.open_seconds_before * 1000000
    {%- for n in range(1, openings_per_day() + 1) %}
    + greatest(
        least({{ micros_of_day(at) }}, {{ calendar }}.closes_second_{{ n }} * 1000000) - {{ calendar }}.opens_second_{{ n }} * 1000000, 0
    )
    {%- endfor %}
    {%- endset -%}
    {{ exact_seconds(micros) }}
{%- endmacro %}


{# The inverse: `int_service__schedule_steps` holds the openings once per step of the meter that they touch. A reading finds its
   opening by an equi-join on (schedule_id, step), see sla. #}
{% macro meter_step_seconds() -%} {{ return(14400) }} {%- endmacro %}

{% macro meter_step(reading) -%} cast(ceil(({{ reading }}) / {{ meter_step_seconds() }}.0) - 1 as bigint) {%- endmacro %}

{# UTC of a local wall time where clocks change, alike on both engines (theirs differ): of a time that comes twice the first,
   a time that is skipped moves on by what is skipped. Uses only the way from UTC to local, which is never ambiguous. #}
{% macro wall_to_utc(wall, zone) -%}
    {%- set with_offset_before = wall_with_offset_of(wall, zone, -86400) -%}
    {%- set with_offset_after = wall_with_offset_of(wall, zone, 86400) -%}
    case
        when {{ to_local(with_offset_before, zone) }} = {{ wall }} then {{ with_offset_before }}
        when {{ to_local(with_offset_after, zone) }} = {{ wall }} then {{ with_offset_after }}
        else {{ with_offset_before }}
    end
{%- endmacro %}

{# The wall time read with the zone's offset some seconds away. #}
{% macro wall_with_offset_of(wall, zone, seconds_away) -%}
    {%- set near = add_seconds(wall, seconds_away) -%}
    {{ add_seconds(wall, seconds_between(to_local(near, zone), near)) }}
{%- endmacro %}


{# Minutes since midnight of a wall time written HH:MM. #}
{% macro minute_of_day(wall) -%}
    (cast(substr({{ wall }}, 1, 2) as integer) * 60 + cast(substr({{ wall }}, 4, 2) as integer))
{%- endmacro %}


{# Seconds as a stored measure in minutes. #}
{% macro minutes_of(seconds) -%} {{ measure(divide(seconds, 60)) }} {%- endmacro %}
