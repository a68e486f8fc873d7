{{ config(materialized='table') }}
{{ latest_rows('stores') }}
