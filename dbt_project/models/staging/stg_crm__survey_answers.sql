{{ latest_rows('survey_answers', lost={'model': ref('stg_crm__surveys_superseded'), 'key': 'survey_id'}) }}
