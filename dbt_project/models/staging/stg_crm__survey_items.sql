{{ latest_rows('survey_items') }}
