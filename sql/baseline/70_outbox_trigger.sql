-- The guard of the outbox.
SET LOCAL search_path TO public, pg_temp;

-- Rejects, in this order: unknown type, inactive type, wrong stream, wrong lane, missing address.
-- SECURITY DEFINER, because writers of the outbox need not be able to read the registry.
CREATE FUNCTION fn_event_type_validate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $function$
DECLARE
  registered public.event_type_registry%ROWTYPE;
BEGIN
  SELECT t.* INTO registered
  FROM public.event_type_registry AS t
  WHERE t.event_domain = NEW.event_domain AND t.event_type = NEW.event_type;

  IF NOT FOUND THEN
    RAISE EXCEPTION 'event_outbox: unknown event type %/%', NEW.event_domain, NEW.event_type
      USING ERRCODE = 'check_violation';
  ELSIF NOT registered.active THEN
    RAISE EXCEPTION 'event_outbox: event type %/% is inactive', NEW.event_domain, NEW.event_type
      USING ERRCODE = 'check_violation';
  ELSIF NEW.event_stream IS DISTINCT FROM registered.event_stream THEN
    RAISE EXCEPTION 'event_outbox: event type %/% belongs to stream %, not %',
      NEW.event_domain, NEW.event_type, registered.event_stream, NEW.event_stream
      USING ERRCODE = 'check_violation';
  ELSIF NEW.delivery_lane IS DISTINCT FROM registered.delivery_lane THEN
    RAISE EXCEPTION 'event_outbox: event type %/% belongs to lane %, not %',
      NEW.event_domain, NEW.event_type, registered.delivery_lane, NEW.delivery_lane
      USING ERRCODE = 'check_violation';
  ELSIF COALESCE(NEW.canonical_address, '') = '' THEN
    RAISE EXCEPTION 'event_outbox: event %/% has no canonical_address', NEW.event_domain, NEW.event_type
      USING ERRCODE = 'check_violation';
  END IF;

  RETURN NEW;
END
$function$;

-- The only trigger of the outbox.
CREATE TRIGGER trg_event_outbox_type_validate BEFORE INSERT ON event_outbox
FOR EACH ROW EXECUTE FUNCTION fn_event_type_validate();
