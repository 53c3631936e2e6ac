-- The ground: what must hold before the fixture is loaded, and the role that reads the dashboards.
SET LOCAL search_path TO public, pg_temp;

-- Refuses anything but an empty database, so that the fixture can never land on top of real data.
DO $ground$
DECLARE
  wanted text := COALESCE(NULLIF(current_setting('one_roof.scale', true), ''), '0.001');
  present bigint;
  examples text;
BEGIN
  IF current_setting('server_version_num')::integer < 150000 THEN
    RAISE EXCEPTION 'The baseline needs PostgreSQL 15 or newer; this server is %.', current_setting('server_version');
  END IF;

  IF wanted !~ '^[0-9]*\.?[0-9]+$' THEN
    RAISE EXCEPTION 'The scale "%" is not a number.', wanted
      USING HINT = 'Give a number above 0 and at most 10; 1 is production size.';
  ELSIF wanted::numeric <= 0 OR wanted::numeric > 10 THEN
    RAISE EXCEPTION 'The scale % is out of range.', wanted
      USING HINT = 'Give a number above 0 and at most 10; 1 is production size.';
  END IF;

  -- What an extension brought along does not make a database non-empty.
  SELECT count(*), string_agg(c.oid::regclass::text, ', ' ORDER BY c.oid) FILTER (WHERE c.rank <= 3)
  INTO present, examples
  FROM (
    SELECT r.oid, row_number() OVER (ORDER BY r.oid) AS rank
    FROM pg_class AS r
    JOIN pg_namespace AS n ON n.oid = r.relnamespace
    WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND n.nspname <> 'information_schema'
      AND n.nspname !~ '^pg_'
      AND NOT EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype = 'e'
      )
  ) AS c;

  IF present > 0 THEN
    RAISE EXCEPTION 'The baseline loads into an empty database only: "%" already holds % tables and views, such as %.',
      current_database(), present, examples
      USING HINT = 'Nothing was changed. Create an empty database and load it there.';
  END IF;
END
$ground$;

-- The role through which the user interface reads the dashboards; roles are shared by all databases of a server.
DO $reader$
BEGIN
  IF to_regrole('one_roof_reader') IS NULL
    AND (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user)
  THEN
    CREATE ROLE one_roof_reader NOLOGIN;
  END IF;
EXCEPTION
  -- Another load on this server created it at the same moment.
  WHEN duplicate_object OR unique_violation THEN NULL;
END
$reader$;
