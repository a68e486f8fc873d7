{{ config(materialized='table') }}
{{ latest_rows('points_ledger') }}
