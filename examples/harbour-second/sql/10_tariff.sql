-- Tier 10: what a toll is. Nothing is tolled yet.
BEGIN;

-- Stop gates: each says what it expected and what it measured, then one exception names all that failed.
DO $entry$
DECLARE
  gate text; expected text; measured text;
  failed text;
BEGIN
  FOR gate, expected, measured IN VALUES
    ('base', current_setting('harbour.base'), current_database()::text),
    ('decree', 'true', (SELECT signed::text FROM harbour.decree WHERE code = current_setting('harbour.decree')))
  LOOP
    RAISE NOTICE 'gate %: expected %, measured %', gate, expected, measured
      USING ERRCODE = 'OR000', SCHEMA = 'harbour', TABLE = 'entry', CONSTRAINT = gate,
            COLUMN = '= ' || expected, DATATYPE = coalesce(measured, 'NULL');
    IF measured IS DISTINCT FROM expected THEN failed := concat_ws(', ', failed, gate); END IF;
  END LOOP;
  IF failed IS NOT NULL THEN RAISE EXCEPTION 'Tariff, entry: %', failed USING ERRCODE = 'OR001'; END IF;
END
$entry$;

-- Classes of berths by length, each with its price.
CREATE TABLE harbour.tariff (
  class text PRIMARY KEY,
  price numeric(8, 2) NOT NULL CHECK (price >= 0)
);
COMMENT ON TABLE harbour.tariff IS 'What a class of berths costs; a semicolon; is no end.';

-- Which berth pays by which class.
CREATE TABLE harbour.toll (
  id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  berth integer NOT NULL UNIQUE,
  class text NOT NULL REFERENCES harbour.tariff
);

-- Berths that pay nothing.
CREATE VIEW harbour.v_untolled_berth AS
SELECT number FROM harbour.berth WHERE NOT EXISTS (SELECT FROM harbour.toll WHERE toll.berth = berth.number);

-- The price of one berth.
CREATE FUNCTION harbour.price_of(berth integer) RETURNS numeric STABLE LANGUAGE sql AS $$
  SELECT price FROM harbour.toll JOIN harbour.tariff USING (class) WHERE toll.berth = price_of.berth $$;

-- Last, because it stops writes in the harbour's own table until COMMIT.
ALTER TABLE harbour.toll ADD FOREIGN KEY (berth) REFERENCES harbour.berth;

DO $exit$
DECLARE
  gate text; expected text; measured text;
  failed text;
BEGIN
  FOR gate, expected, measured IN VALUES
    ('untolled', '12', (SELECT count(*)::text FROM harbour.v_untolled_berth))
  LOOP
    RAISE NOTICE 'gate %: expected %, measured %', gate, expected, measured
      USING ERRCODE = 'OR000', SCHEMA = 'harbour', TABLE = 'exit', CONSTRAINT = gate,
            COLUMN = '= ' || expected, DATATYPE = coalesce(measured, 'NULL');
    IF measured IS DISTINCT FROM expected THEN failed := concat_ws(', ', failed, gate); END IF;
  END LOOP;
  IF failed IS NOT NULL THEN RAISE EXCEPTION 'Tariff, exit: %', failed USING ERRCODE = 'OR001'; END IF;
END
$exit$;

COMMIT;
