-- Tier 30: the harbour's own berths are free. Comes with the second release, and changes what the first one made.
BEGIN;

DO $entry$
DECLARE
  gate text; expected text; measured text;
  failed text;
BEGIN
  FOR gate, expected, measured IN VALUES
    ('exemption_decree', 'true',
      (SELECT signed::text FROM harbour.decree WHERE code = current_setting('harbour.exemption_decree'))),
    ('tolls', '12', (SELECT count(*)::text FROM harbour.toll))
  LOOP
    RAISE NOTICE 'gate %: expected %, measured %', gate, expected, measured
      USING ERRCODE = 'OR000', SCHEMA = 'harbour', TABLE = 'entry', CONSTRAINT = gate,
            COLUMN = '= ' || expected, DATATYPE = coalesce(measured, 'NULL');
    IF measured IS DISTINCT FROM expected THEN failed := concat_ws(', ', failed, gate); END IF;
  END LOOP;
  IF failed IS NOT NULL THEN RAISE EXCEPTION 'Exemptions, entry: %', failed USING ERRCODE = 'OR001'; END IF;
END
$entry$;

-- Which berth is free, and why.
CREATE TABLE harbour.exemption (
  berth integer PRIMARY KEY REFERENCES harbour.toll (berth),
  why   text NOT NULL
);
INSERT INTO harbour.exemption VALUES (1, 'pilot boat'), (2, 'dredger');

-- Changed: an exempt berth pays nothing, whatever its class.
CREATE OR REPLACE FUNCTION harbour.price_of(berth integer) RETURNS numeric STABLE LANGUAGE sql AS $$
  SELECT CASE WHEN exemption.berth IS NULL THEN price ELSE 0 END
  FROM harbour.toll JOIN harbour.tariff USING (class) LEFT JOIN harbour.exemption ON exemption.berth = toll.berth
  WHERE toll.berth = price_of.berth $$;

-- Changed: a berth pays nothing as well if it is exempt.
CREATE OR REPLACE VIEW harbour.v_untolled_berth AS
SELECT number FROM harbour.berth
WHERE NOT EXISTS (SELECT FROM harbour.toll WHERE toll.berth = berth.number)
  OR EXISTS (SELECT FROM harbour.exemption WHERE exemption.berth = berth.number);

DO $exit$
DECLARE
  gate text; expected text; measured text;
  failed text;
BEGIN
  FOR gate, expected, measured IN VALUES
    ('untolled', '2', (SELECT count(*)::text FROM harbour.v_untolled_berth))
  LOOP
    RAISE NOTICE 'gate %: expected %, measured %', gate, expected, measured
      USING ERRCODE = 'OR000', SCHEMA = 'harbour', TABLE = 'exit', CONSTRAINT = gate,
            COLUMN = '= ' || expected, DATATYPE = coalesce(measured, 'NULL');
    IF measured IS DISTINCT FROM expected THEN failed := concat_ws(', ', failed, gate); END IF;
  END LOOP;
  IF failed IS NOT NULL THEN RAISE EXCEPTION 'Exemptions, exit: %', failed USING ERRCODE = 'OR001'; END IF;
END
$exit$;

COMMIT;
