{{ config(materialized='table') }}
{{ latest_rows('surveys', persons=ref('int_core__persons')) }}
