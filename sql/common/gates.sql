-- The machinery of every stop gate: one_roof.gates lists `name  operator  value`, one_roof.readings has the query of each
-- name. Every gate of the list is measured and reported by a NOTICE, then one exception names all that failed. What
-- cannot be measured fails. {name} stands for the setting one_roof.name, {entry.name} for what the entry gates measured.
--
-- Data for a client: notices have SQLSTATE OR000, the refusal OR001; the fields schema (one_roof), table (entry or exit),
-- constraint (the gate), column (operator and value) and datatype (what was measured) carry the same in parts. What a reading
-- tells beside its value comes as OR002.
DO $gates$
DECLARE
  step     CONSTANT text := current_setting('one_roof.step');
  section  CONSTANT text := current_setting('one_roof.section');
  rollback CONSTANT boolean := step ~* 'rollback';
  acceptable CONSTANT text[] := ARRAY['others_rows', 'ownership_rows', 'ownership_gap'];
  gate     record;
  who      record;
  wanted   text;
  measured text;
  told     text;
  is_read  boolean;
  readings text[] := '{}';
  failed   text[] := '{}';
  reasons  text[] := '{}';
  details  text[] := '{}';
  remedies text[] := '{}';
  acceptances text[] := '{}';
BEGIN
  -- What was silenced after the entry gates may speak again.
  IF section = 'exit' AND coalesce(current_setting('one_roof.messages', true), '') <> '' THEN
    PERFORM set_config('client_min_messages', current_setting('one_roof.messages'), true);
  END IF;

  FOR gate IN
    WITH listed AS (
      SELECT position, word[1] AS name, word[2] AS operator, word[3] AS wanted, btrim(line) AS line
      FROM regexp_split_to_table(current_setting('one_roof.gates'), '\n') WITH ORDINALITY AS given (line, position)
      LEFT JOIN LATERAL regexp_match(btrim(line), '^(\w+) +(=|>=|in) +(\S.*)$') AS word ON true
      WHERE btrim(line) <> ''
    ), known AS (
      SELECT btrim(name) AS name, substring(paragraph FROM position(':' IN paragraph) + 1) AS query
      FROM regexp_split_to_table(current_setting('one_roof.readings'), '\n\s*\n') AS paragraph
      CROSS JOIN LATERAL regexp_split_to_table(split_part(btrim(paragraph, E'\n '), ':', 1), ',') AS name
      WHERE btrim(paragraph, E'\n ') ~ '^\w'
    )
    SELECT coalesce(listed.name, listed.line) AS name, coalesce(listed.operator, '=') AS operator, listed.wanted, known.query,
           substring(known.query FROM '-- Remedy: ([^\n]*)') AS remedy, about[1] AS subject, current_setting('one_roof.' || about[2], true) AS named
    FROM listed
    LEFT JOIN known ON known.name = listed.name
    LEFT JOIN LATERAL regexp_match(known.query, '-- About: (\w+) \{(\w+)\}') AS about ON true
    ORDER BY listed.position
  LOOP
    wanted := CASE
      WHEN gate.wanted ~ '^\{.*\}$' THEN current_setting('one_roof.' || btrim(gate.wanted, '{}'), true)
      ELSE gate.wanted END;
    measured := NULL;
    told := NULL;
    is_read := gate.query IS NOT NULL;
    BEGIN
      IF gate.query IS NOT NULL THEN EXECUTE gate.query INTO measured, told; END IF;
    EXCEPTION
      WHEN undefined_table OR undefined_column OR undefined_function OR undefined_object
        OR insufficient_privilege OR invalid_schema_name THEN
        measured := NULL;
        is_read := false;
      WHEN lock_not_available THEN
        EXECUTE current_setting('one_roof.locked') INTO who USING SQLERRM, 'ACCESS SHARE';
        RAISE lock_not_available USING MESSAGE = who.said, HINT = who.hint;
    END;
    IF gate.query IS NOT NULL THEN
      PERFORM set_config(format('one_roof.%s.%s', section, gate.name), coalesce(measured, ''), true);
    END IF;

    RAISE NOTICE 'gate % %: expected % %, measured %',
      section, gate.name, gate.operator, wanted, coalesce(measured, 'NULL')
      USING ERRCODE = 'OR000', SCHEMA = 'one_roof', TABLE = section, CONSTRAINT = gate.name,
            COLUMN = gate.operator || ' ' || wanted, DATATYPE = coalesce(measured, 'NULL');
    -- INFO is shown whatever client_min_messages says: what is not counted must not go unseen.
    IF told IS NOT NULL THEN
      RAISE INFO '% %: %', gate.name, coalesce(measured, 'NULL'), told
        USING ERRCODE = 'OR002', SCHEMA = 'one_roof', TABLE = section, CONSTRAINT = gate.name;
    END IF;
    readings := readings || format('%s %s', gate.name, coalesce(measured, 'NULL'));

    IF (CASE gate.operator
          WHEN '=' THEN measured = wanted
          WHEN '>=' THEN measured::numeric >= wanted::numeric
          WHEN 'in' THEN measured = ANY (string_to_array(wanted, ','))
        END) IS NOT TRUE
      -- On the way back an operator may accept a loss, exactly as it was named to him.
      AND (rollback AND gate.name = ANY (acceptable) AND format('%s %s', gate.name, measured)
             = ANY (string_to_array(current_setting('one_roof.accept', true), '; '))
           OR rollback AND gate.name = 'others_rows' AND current_setting('one_roof.losses', true) = format('accepted %s', pg_backend_pid())) IS NOT TRUE
    THEN
      failed := failed || gate.name;
      reasons := reasons || format('%s expected %s %s, measured %s%s', gate.name, gate.operator, wanted, coalesce(measured, 'NULL'), CASE
        WHEN gate.subject IS NULL THEN ''
        WHEN coalesce(gate.named, '') = '' THEN format(' (no %s was named)', gate.subject)
        WHEN measured IS NULL AND is_read THEN format(' (there is no %s %s)', gate.subject, gate.named)
        ELSE format(' (%s %s)', gate.subject, gate.named) END);
      details := details || format('%s: want %s %s, have %s', gate.name, gate.operator, wanted, coalesce(measured, 'NULL'));
      remedies := remedies || gate.remedy;
      acceptances := acceptances || format('%s %s', gate.name, measured);
    ELSIF gate.name = 'others_rows' AND measured <> wanted THEN
      PERFORM set_config('one_roof.others_accepted', 'yes', true);
    END IF;
  END LOOP;

  PERFORM set_config('one_roof.passed', format('%s PASS: %s', upper(translate(step, '()', '')), array_to_string(readings, ', ')), true);
  -- A client that measures the transaction itself judges row deltas together with all else that it measured.
  IF cardinality(failed) > 0 AND NOT (failed = ARRAY['row_deltas'] AND current_setting('one_roof.measured') = 'yes') THEN
    RAISE EXCEPTION '% %: % of % stop gates failed: %',
      step, section, cardinality(failed), cardinality(readings), array_to_string(reasons, '; ')
      USING ERRCODE = CASE
              -- A login or a server that may not write is no fault of the data; a client may tell it apart.
              WHEN failed <@ ARRAY['server_writable', 'missing_rights'] THEN
                CASE WHEN 'server_writable' = ANY (failed) THEN '25006' ELSE '42501' END
              ELSE 'OR001' END,
            SCHEMA = 'one_roof', TABLE = section, CONSTRAINT = array_to_string(failed, ','),
            DETAIL = array_to_string(details, E'\n'),
            HINT = 'Nothing was changed: this transaction is rolled back whole, what was done before it stays. '
              || CASE WHEN rollback THEN 'Roll back in the order 6, 5, 4, 3, 2, 1. ' ELSE '' END
              || CASE WHEN rollback AND failed <@ acceptable THEN
                   format('To go on and accept exactly this: -v accept=%L (a file alone: the setting one_roof.accept). ',
                     array_to_string(acceptances, '; ')) ELSE '' END
              || coalesce(nullif(array_to_string(ARRAY(SELECT DISTINCT remedy FROM unnest(remedies) AS remedy WHERE remedy IS NOT NULL), ' '), '') || ' ', '')
              || 'Put right what is listed, then run this file again.';
  END IF;
END
$gates$;
