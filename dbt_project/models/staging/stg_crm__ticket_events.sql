{{ config(materialized='table') }}
{{ latest_rows('ticket_events') }}
