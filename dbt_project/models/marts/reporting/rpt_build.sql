with

build as (

    select * from {{ source('control', 'build') }}

),

run as (

    select * from {{ source('control', 'run') }}

)

select
    build.build_id,
    build.code_version,
    build.settings_version,
    run.as_of,
    run.as_of_date,
    run.known_at
from build
cross join run
