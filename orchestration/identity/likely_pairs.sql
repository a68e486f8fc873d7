-- Pairs of customer records that are likely one person though they share no exact key, with what they have in common.
--
-- Makes the table `pairs` (customer_id, with_customer_id, score, in_common, differs), one row per two persons, of the tables `records` (customer_id, person_id, type, name, tax_id, email, phone, address, city, postal_code, birth_date, gender) and
-- `decided` (customer_id, with_customer_id: pairs that somebody judged; with null any pair of the record).
-- Variables: identity_threshold, of the score; identity_block, the most records that may share a blocking key.
--
-- Pairs are looked for only among records that share a key of `blocks`; a key that more than identity_block records share tells
-- nobody apart and gives none, so that the work grows with the records and not with their square. The score is the sum of
-- log2 of how much likelier an agreement is of one person than of two (Fellegi and Sunter): of names, addresses and mail
-- names by how often they occur, of the rest by fixed weights. The steps are tables, for as one statement DuckDB orders the
-- comparisons so that 100,000 records take hours.

create or replace temp table cleaned as
select
    customer_id,
    person_id,
    type,
    gender,
    birth_date,
    -- full-width digits and letters, accents, punctuation and case mean nothing; nor do the words for a company's form
    trim(regexp_replace(
        regexp_replace(
            regexp_replace(
                lower(strip_accents(translate(name, '０１２３４５６７８９（）', '0123456789()'))), '[^\p{L}\p{N}]+', ' ', 'g'
            ),
            '(股份)?有限(责任)?公司|(集团)?公司|集团', '', 'g'
        ),
        '\b(inc|incorporated|ltd|limited|llc|gmbh|corp|corporation|co|company|ag|plc|bv|pty)\b', '', 'g'
    )) as name,
    trim(regexp_replace(
        regexp_replace(
            regexp_replace(
                lower(strip_accents(translate(address, '０１２３４５６７８９－＃', '0123456789-#'))), '[^\p{L}\p{N}]+', ' ', 'g'
            ),
            '\b(street|str|road|avenue|ave|lane|drive|boulevard|blvd|floor|apartment|apt|suite|unit|room|no)\b', '', 'g'
        ),
        '[省市区县号栋幢室楼单元]', ' ', 'g'
    )) as address,
    lower(trim(city)) as city,
    replace(lower(postal_code), ' ', '') as postal_code,
    lower(trim(email)) as email,
    upper(replace(tax_id, ' ', '')) as tax_id,
    -- its end tells a number whether or not the country and a trunk 0 stand before it
    right(regexp_replace(regexp_replace(phone, '[^0-9]', '', 'g'), '^0+', ''), 10) as phone
from records
where customer_id not in (select customer_id from decided where with_customer_id is null)
;

create or replace temp table split as
select
    customer_id,
    person_id,
    type,
    gender,
    birth_date,
    -- ann lee and lee ann are one
    nullif(list_aggregate(list_sort(regexp_split_to_array(name, '\s+')), 'string_agg', ' '), '') as name,
    replace(name, ' ', '') as squeezed_name,
    regexp_matches(name, '[\x{3400}-\x{9fff}\x{3040}-\x{30ff}\x{ac00}-\x{d7af}]') as is_cjk,
    nullif(replace(address, ' ', ''), '') as address,
    array_to_string(list_sort(regexp_extract_all(address, '[0-9]+')), ' ') as numbers,
    nullif(city, '') as city,
    nullif(postal_code, '') as postal_code,
    email,
    split_part(email, '@', 2) as domain,
    case
        when email like '%_@_%' then regexp_replace(regexp_replace(split_part(email, '@', 1), '\+.*$', ''), '[._-]', '', 'g')
    end as mail_name,
    case when length(tax_id) >= 8 then tax_id end as tax_id,
    case when length(phone) >= 7 and regexp_matches(phone, '[1-9]') then phone end as phone
from cleaned
;

create or replace temp table counted as
select
    *,
    count(*) over () as records,
    count(*) over (partition by name) as with_name,
    count(*) over (partition by address, city) as with_address,
    count(*) over (partition by mail_name) as with_mail_name
from split
;

create or replace temp table blocks as
select customer_id, 'name|' || name || '|' || coalesce(city, postal_code, '') as block from counted where name is not null
union all
select customer_id, 'rare|' || name from counted where with_name <= getvariable('identity_block')
union all
select customer_id, 'begin|' || left(name, 4) || '|' || coalesce(postal_code, city) from counted where not is_cjk
union all
select customer_id, 'end|' || right(name, 4) || '|' || coalesce(postal_code, city) from counted where not is_cjk
union all
select customer_id, 'number|' || left(name, 1) || '|' || numbers || '|' || coalesce(city, '') from counted where numbers <> ''
union all
select customer_id, 'house|' || address || '|' || coalesce(city, '') from counted where address is not null
union all
select customer_id, 'born|' || birth_date || '|' || left(name, 1) from counted where birth_date is not null
union all
select customer_id, 'mail|' || mail_name from counted where length(mail_name) >= 4
union all
select customer_id, 'tail|' || right(phone, 6) from counted where phone is not null
union all
select customer_id, 'head|' || left(phone, 5) || '|' || left(name, 1) from counted where phone is not null
union all
select customer_id, 'tax|' || left(tax_id, 6) || '|' || left(name, 1) from counted where tax_id is not null
union all
select customer_id, 'xat|' || right(tax_id, 6) || '|' || left(name, 1) from counted where tax_id is not null
;

create or replace temp table members as
select customer_id, hash(block) as block
from blocks
where block is not null
qualify count(*) over (partition by hash(block)) between 2 and getvariable('identity_block')
;

create or replace temp table judged as
select customer_id, with_customer_id from decided where with_customer_id is not null
union all
select with_customer_id as customer_id, customer_id as with_customer_id from decided where with_customer_id is not null
;

create or replace temp table candidates as
select distinct one.customer_id, other.customer_id as with_customer_id
from members as one
inner join members as other on one.block = other.block and one.customer_id < other.customer_id
anti join judged on one.customer_id = judged.customer_id and other.customer_id = judged.with_customer_id
;

create or replace temp table compared as
select
    a.customer_id,
    b.customer_id as with_customer_id,
    least(a.person_id, b.person_id) as person_id,
    greatest(a.person_id, b.person_id) as with_person_id,
    case
        when a.name is null or b.name is null then null
        when a.name = b.name then 'same'
        -- a short name, or one of signs, is another one if a letter differs
        when
            not a.is_cjk and least(length(a.name), length(b.name)) >= 6
            and (jaro_winkler_similarity(a.name, b.name) >= 0.92 or a.squeezed_name = b.squeezed_name)
            then 'alike'
        else 'other'
    end as name,
    log2(0.9 * a.records / greatest(a.with_name, b.with_name)) as name_weight,
    case
        when a.address is null or b.address is null then null
        when a.address = b.address and (a.city = b.city or a.city is null or b.city is null) then 'same'
        when
            a.numbers = b.numbers
            and (
                jaro_winkler_similarity(a.address, b.address) >= 0.88
                or contains(a.address, b.address) or contains(b.address, a.address)
                or jaccard(a.address, b.address) >= 0.7
            )
            and (a.city = b.city or a.city is null or b.city is null or contains(a.address, b.city) or contains(b.address, a.city))
            then 'alike'
        else 'other'
    end as address,
    log2(0.8 * a.records / greatest(a.with_address, b.with_address)) as address_weight,
    case
        when a.phone is null or b.phone is null then null
        when a.phone = b.phone then 'same'
        when least(length(a.phone), length(b.phone)) >= 9 and damerau_levenshtein(a.phone, b.phone) = 1 then 'alike'
        else 'other'
    end as phone,
    case
        when a.mail_name is null or b.mail_name is null then null
        when a.mail_name = b.mail_name then 'same'
        when
            least(length(a.mail_name), length(b.mail_name)) >= 6 and a.domain = b.domain
            and not regexp_matches(a.mail_name, '[0-9]') and not regexp_matches(b.mail_name, '[0-9]')
            and damerau_levenshtein(a.mail_name, b.mail_name) = 1
            then 'alike'
        else 'other'
    end as mail,
    log2(0.7 * a.records / greatest(a.with_mail_name, b.with_mail_name)) as mail_weight,
    case
        when a.birth_date is null or b.birth_date is null then null
        when a.birth_date = b.birth_date then 'same'
        when damerau_levenshtein(strftime(a.birth_date, '%Y%m%d'), strftime(b.birth_date, '%Y%m%d')) = 1 then 'alike'
        when
            year(a.birth_date) = year(b.birth_date) and month(a.birth_date) = day(b.birth_date) and day(a.birth_date) = month(b.birth_date)
            then 'alike'
        else 'other'
    end as birth,
    case
        when a.tax_id is null or b.tax_id is null then null
        when a.tax_id = b.tax_id then 'same'
        when damerau_levenshtein(a.tax_id, b.tax_id) = 1 then 'alike'
        else 'other'
    end as tax,
    coalesce(a.type <> b.type, false) as is_other_type,
    coalesce(a.gender <> b.gender, false) as is_other_gender
from candidates
inner join counted as a on candidates.customer_id = a.customer_id
inner join counted as b on candidates.with_customer_id = b.customer_id
where a.person_id <> b.person_id
;

create or replace temp table scored as
select
    customer_id,
    with_customer_id,
    person_id,
    with_person_id,
    name,
    address,
    phone,
    mail,
    birth,
    tax,
    case name when 'same' then least(name_weight, 12) when 'alike' then least(name_weight, 12) * 0.6 when 'other' then -8 else 0 end
    + case address when 'same' then least(address_weight, 10) when 'alike' then 6 when 'other' then -2 else 0 end
    + case phone when 'same' then 9 when 'alike' then 6 when 'other' then -2 else 0 end
    + case mail when 'same' then least(mail_weight, 8) when 'alike' then 5 when 'other' then -1 else 0 end
    + case birth when 'same' then 8 when 'alike' then 2 when 'other' then -8 else 0 end
    + case tax when 'same' then 12 when 'alike' then 7 when 'other' then -12 else 0 end
    - case when is_other_type then 10 else 0 end
    - case when is_other_gender then 4 else 0 end as score
from compared
;

-- of several records of two persons the pair that tells most
create or replace temp table best as
select *
from scored
where
    score >= getvariable('identity_threshold')
    -- one thing in common is no likeness, however rare it is
    and (coalesce(name in ('same', 'alike'), false))::int + (coalesce(address in ('same', 'alike'), false))::int
    + (coalesce(phone in ('same', 'alike'), false))::int + (coalesce(mail in ('same', 'alike'), false))::int
    + (coalesce(birth in ('same', 'alike'), false))::int + (coalesce(tax in ('same', 'alike'), false))::int >= 2
qualify row_number() over (partition by person_id, with_person_id order by score desc, customer_id, with_customer_id) = 1
;

create or replace temp table pairs as
select
    customer_id,
    with_customer_id,
    round(score, 1) as score,
    concat_ws(
        ', ',
        case name when 'same' then 'same name' when 'alike' then 'name alike' end,
        case address when 'same' then 'same address' when 'alike' then 'address alike' end,
        case phone when 'same' then 'same telephone' when 'alike' then 'telephone one digit off' end,
        case mail when 'same' then 'same mail name' when 'alike' then 'mail name one letter off' end,
        case birth when 'same' then 'same date of birth' when 'alike' then 'date of birth almost the same' end,
        case tax when 'same' then 'same tax id' when 'alike' then 'tax id one sign off' end
    ) as in_common,
    concat_ws(
        ', ',
        case when name = 'other' then 'name' end,
        case when address = 'other' then 'address' end,
        case when phone = 'other' then 'telephone' end,
        case when mail = 'other' then 'mail' end,
        case when birth = 'other' then 'date of birth' end,
        case when tax = 'other' then 'tax id' end
    ) as differs
from best
;
