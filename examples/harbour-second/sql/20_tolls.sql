-- Tier 20: every berth pays.
BEGIN;

DO $entry$
DECLARE
  gate text; expected text; measured text;
  failed text;
BEGIN
  FOR gate, expected, measured IN VALUES
    ('untolled', '12', (SELECT count(*)::text FROM harbour.v_untolled_berth))
  LOOP
    RAISE NOTICE 'gate %: expected %, measured %', gate, expected, measured
      USING ERRCODE = 'OR000', SCHEMA = 'harbour', TABLE = 'entry', CONSTRAINT = gate,
            COLUMN = '= ' || expected, DATATYPE = coalesce(measured, 'NULL');
    IF measured IS DISTINCT FROM expected THEN failed := concat_ws(', ', failed, gate); END IF;
  END LOOP;
  IF failed IS NOT NULL THEN RAISE EXCEPTION 'Tolls, entry: %', failed USING ERRCODE = 'OR001'; END IF;
END
$entry$;

INSERT INTO harbour.tariff VALUES ('short', 1.50), ('long', 4.00);
INSERT INTO harbour.toll (berth, class)
SELECT number, CASE WHEN metres < 40 THEN 'short' ELSE 'long' END FROM harbour.berth ORDER BY number;

DO $exit$
DECLARE
  gate text; expected text; measured text;
  failed text;
BEGIN
  FOR gate, expected, measured IN VALUES
    ('untolled', '0', (SELECT count(*)::text FROM harbour.v_untolled_berth))
  LOOP
    RAISE NOTICE 'gate %: expected %, measured %', gate, expected, measured
      USING ERRCODE = 'OR000', SCHEMA = 'harbour', TABLE = 'exit', CONSTRAINT = gate,
            COLUMN = '= ' || expected, DATATYPE = coalesce(measured, 'NULL');
    IF measured IS DISTINCT FROM expected THEN failed := concat_ws(', ', failed, gate); END IF;
  END LOOP;
  IF failed IS NOT NULL THEN RAISE EXCEPTION 'Tolls, exit: %', failed USING ERRCODE = 'OR001'; END IF;
END
$exit$;

COMMIT;
