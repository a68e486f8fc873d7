{{ config(materialized='table') }}
{{ latest_rows('loyalty_members', persons=ref('int_core__persons')) }}
