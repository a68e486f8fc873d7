{{ config(materialized='table') }}
{{ latest_rows('products') }}
