select
    expectation,
    reported
from {{ source('control', 'doubts') }}
