{{ config(materialized='table') }}
{{ latest_rows('loyalty_members') }}
