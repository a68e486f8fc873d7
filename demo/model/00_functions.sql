-- Pseudo-random numbers as pure functions of (key, salt, seed): no state, so neither threads nor order change a figure.
create macro u(k, salt) as
    (hash(xor(hash(k), hash(salt || ':' || getvariable('seed')))) >> 11) / 9007199254740992.0;
create macro z(k, salt) as
    sqrt(-2 * ln(u(k, salt || '/r') + 1e-12)) * cos(2 * pi() * u(k, salt || '/a'));
create macro pick(options, k, salt) as options[1 + cast(floor(len(options) * u(k, salt)) as int)];
create macro plus(moment, seconds) as moment + to_seconds(cast(round(seconds) as bigint));
create macro on_day(day) as date '2024-09-01' + cast(day as int);
-- what the CRM knows when it exports at the moment cut: later stamps are still empty
create macro seen(moment, cut) as case when moment < cut then moment end;
-- planted: store 7 gets worse from August to October 2026 (0 = as ever, 1 = worst)
create macro trouble(store, moment) as
    case
        when store <> 7 or moment < timestamp '2026-08-01' then 0.0
        when moment < timestamp '2026-09-01' then 0.35
        when moment < timestamp '2026-10-01' then 0.65
        else 1.0
    end;
-- one order in 150 reaches the export one to three days late, with everything that hangs on it
create macro order_delay(order_no) as
    case when u(order_no, 'delay') < 0.007 then 1 + cast(floor(3 * u(order_no, 'delay days')) as int) else 0 end;
