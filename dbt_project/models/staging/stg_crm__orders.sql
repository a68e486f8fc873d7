{{ config(materialized='table') }}
{{ latest_rows('orders') }}
