-- depends_on: {{ ref('bad_experience_exit') }}
-- depends_on: {{ ref('care_gap') }}
-- depends_on: {{ ref('churn_reason') }}
-- depends_on: {{ ref('cohort_retention') }}
-- depends_on: {{ ref('communication_plan') }}
-- depends_on: {{ ref('follow_up') }}
-- depends_on: {{ ref('lifetime_group') }}
-- depends_on: {{ ref('lifetime_individual') }}
-- depends_on: {{ ref('next_action') }}
{{ kpi_cells('lifecycle') }}
