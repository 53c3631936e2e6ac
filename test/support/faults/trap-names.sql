-- What another role can leave in schema public: a stand-in for every operator and function of PostgreSQL that can be
-- called with the common types, exact to the type. Any of them that is ever called says so and fails.
SET search_path = pg_catalog, pg_temp;
CREATE FUNCTION pg_temp.types() RETURNS SETOF regtype LANGUAGE sql AS
  $$ SELECT unnest('{varchar,text,bpchar,name,int4,int8,numeric,timestamptz,jsonb,text[],varchar[]}'::regtype[]) $$;

DO $traps$
DECLARE
  pair record;
  body CONSTANT text := $body$ LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'TRAP: a name of schema public was used'; END $$ $body$;
BEGIN
  FOR pair IN SELECT l, r FROM pg_temp.types() AS l, pg_temp.types() AS r LOOP
    EXECUTE format('CREATE FUNCTION public.trap(%s, %s) RETURNS boolean %s', pair.l, pair.r, body);
  END LOOP;
  FOR pair IN
    SELECT l, r, name FROM pg_temp.types() AS l, pg_temp.types() AS r,
      unnest('{=,<>,<,>,<=,>=,~~,!~~,~,!~,~*,||,->,->>,-,+,*,@>,?}'::text[]) AS name
  LOOP
    EXECUTE format('CREATE OPERATOR public.%s (FUNCTION = public.trap, LEFTARG = %s, RIGHTARG = %s)', pair.name, pair.l, pair.r);
  END LOOP;
  -- The same signatures, for a path that names public before pg_catalog.
  FOR pair IN
    SELECT DISTINCT p.proname, pg_get_function_identity_arguments(p.oid) AS arguments, p.proargtypes
    FROM pg_proc AS p
    WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND p.provariadic = 0
      AND (p.proname ~ '^(set_config|current_|regexp_|split_part|query_to_xml|xpath|nullif|btrim|has_|pg_(try|advisory|get_|has|is|relation)|to_regclass|to_regnamespace|array_|translate|upper|md5|string_to|substring|position|strpos|like|notlike|text(eq|ne)|numeric_(ge|gt|le)|int[48](eq|ge|gt|pl|mul)|now|clock_timestamp|row_security)')
      AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) AS arg
                      WHERE arg::regtype::text IN ('internal', '"any"', 'cstring', 'trigger', 'event_trigger'))
      AND p.proargmodes IS NULL
  LOOP
    EXECUTE format('CREATE FUNCTION public.%I(%s) RETURNS text %s', pair.proname, oidvectortypes(pair.proargtypes), body);
  END LOOP;
  -- Better matches than what takes any type, or any number of arguments.
  FOR pair IN
    SELECT name, array_to_string(array_fill('text'::text, ARRAY[n]), ', ') AS arguments
    FROM unnest('{format,concat,concat_ws,jsonb_build_object,jsonb_build_array,num_nulls}'::text[]) AS name, generate_series(1, 8) AS n
    UNION ALL
    SELECT name, arguments
    FROM unnest('{unnest,cardinality,to_jsonb,array_to_string,array_length,array_position,array_append}'::text[]) AS name,
      unnest('{"text[]","varchar[]","text[], text","text[], integer",text,varchar}'::text[]) AS arguments
    UNION ALL
    SELECT name, arguments
    FROM unnest('{format,concat_ws}'::text[]) AS name,
      unnest('{"text, varchar","text, name","text, integer","text, bigint","text, varchar, varchar","text, text, varchar","text, text, bigint","text, text, bigint, text","text, text, text, bigint"}'::text[]) AS arguments
  LOOP
    EXECUTE format('CREATE FUNCTION public.%I(%s) RETURNS text %s', pair.name, pair.arguments, body);
  END LOOP;
END
$traps$;
RESET search_path;
