{{ config(materialized='table') }}
{{ latest_rows('tickets') }}
