-- Tier 90: the reckoning. Reads only.
BEGIN;

DO $exit$
DECLARE
  gate text; expected text; measured text;
  failed text;
BEGIN
  FOR gate, expected, measured IN VALUES
    ('tolls', '12', (SELECT count(*)::text FROM harbour.toll)),
    ('untolled', '0', (SELECT count(*)::text FROM harbour.v_untolled_berth))
  LOOP
    RAISE NOTICE 'gate %: expected %, measured %', gate, expected, measured
      USING ERRCODE = 'OR000', SCHEMA = 'harbour', TABLE = 'exit', CONSTRAINT = gate,
            COLUMN = '= ' || expected, DATATYPE = coalesce(measured, 'NULL');
    IF measured IS DISTINCT FROM expected THEN failed := concat_ws(', ', failed, gate); END IF;
  END LOOP;
  IF failed IS NOT NULL THEN RAISE EXCEPTION 'Reckoning, exit: %', failed USING ERRCODE = 'OR001'; END IF;
END
$exit$;

COMMIT;
