{{ config(materialized='table') }}
{{ latest_rows('customers') }}
