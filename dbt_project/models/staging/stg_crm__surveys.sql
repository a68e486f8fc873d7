{{ config(materialized='table') }}
{{ latest_rows('surveys') }}
