{{ latest_rows('survey_answers') }}
