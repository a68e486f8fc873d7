{{ config(materialized='table') }}
{{ latest_rows('tickets', persons=ref('int_core__persons')) }}
