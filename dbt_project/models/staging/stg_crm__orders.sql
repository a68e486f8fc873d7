{{ config(materialized='table') }}
{{ latest_rows('orders', persons=ref('int_core__persons')) }}
