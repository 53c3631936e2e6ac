-- The end of a chain: gives back the lock that chain.sql took. Only for psql.
SELECT pg_catalog.pg_advisory_unlock(1330795077, 1) AS unlocked \gset one_roof_
