-- The nine triggers of system_issues: a row written there spreads into births and events, which is why the rollout never does.
SET LOCAL search_path TO public, pg_temp;

-- 1. Gives an issue its code.
CREATE FUNCTION fn_system_issues_code() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $function$
BEGIN
  NEW.code := COALESCE(NEW.code, 'ISS-' || lpad(NEW.id::text, 7, '0'));
  RETURN NEW;
END
$function$;

CREATE TRIGGER trg_system_issues_code BEFORE INSERT ON system_issues
FOR EACH ROW EXECUTE FUNCTION fn_system_issues_code();

-- 2. Brings severities to the three known words.
CREATE FUNCTION fn_system_issues_severity() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $function$
BEGIN
  NEW.severity := CASE lower(NEW.severity)
    WHEN 'error' THEN 'critical'
    WHEN 'warn' THEN 'warning'
    ELSE lower(NEW.severity)
  END;
  RETURN NEW;
END
$function$;

CREATE TRIGGER trg_system_issues_severity BEFORE INSERT OR UPDATE OF severity ON system_issues
FOR EACH ROW EXECUTE FUNCTION fn_system_issues_severity();

-- 3. Computes the fingerprint by which an issue is recognised when it comes back.
CREATE FUNCTION fn_system_issues_fingerprint() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $function$
BEGIN
  NEW.fingerprint := COALESCE(NEW.fingerprint, md5(concat_ws('|', NEW.issue_type, NEW.entity_code, NEW.title)));
  RETURN NEW;
END
$function$;

CREATE TRIGGER trg_system_issues_fingerprint BEFORE INSERT ON system_issues
FOR EACH ROW EXECUTE FUNCTION fn_system_issues_fingerprint();

-- 4. Notes when an issue was changed.
CREATE FUNCTION fn_system_issues_touch() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $function$
BEGIN
  NEW.date_updated := now();
  RETURN NEW;
END
$function$;

CREATE TRIGGER trg_system_issues_touch BEFORE UPDATE ON system_issues
FOR EACH ROW EXECUTE FUNCTION fn_system_issues_touch();

-- 5. Notes when an issue was resolved, and forgets it when the issue is opened again.
CREATE FUNCTION fn_system_issues_resolve() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $function$
BEGIN
  NEW.resolved_at := CASE NEW.status WHEN 'open' THEN NULL ELSE COALESCE(NEW.resolved_at, now()) END;
  RETURN NEW;
END
$function$;

CREATE TRIGGER trg_system_issues_resolve BEFORE UPDATE OF status ON system_issues
FOR EACH ROW EXECUTE FUNCTION fn_system_issues_resolve();

-- 6. Keeps issues: they are archived, never deleted.
CREATE FUNCTION fn_system_issues_keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $function$
BEGIN
  RAISE EXCEPTION 'system_issues: % is kept; set its status to archived', OLD.code USING ERRCODE = 'restrict_violation';
END
$function$;

CREATE TRIGGER trg_system_issues_keep BEFORE DELETE ON system_issues
FOR EACH ROW EXECUTE FUNCTION fn_system_issues_keep();

-- 7. Registers the birth of an issue.
CREATE FUNCTION fn_system_issues_birth() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $function$
BEGIN
  INSERT INTO public.birth_registry (entity_code, collection_name, species_code)
  VALUES (NEW.code, 'system_issues', 'SPE-ISSUE')
  ON CONFLICT (entity_code) DO NOTHING;
  RETURN NULL;
END
$function$;

CREATE TRIGGER trg_system_issues_birth AFTER INSERT ON system_issues
FOR EACH ROW EXECUTE FUNCTION fn_system_issues_birth();

-- Writes an event about an issue; its argument is the type of the event. Serves the two triggers below.
CREATE FUNCTION fn_system_issues_event() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $function$
BEGIN
  INSERT INTO public.event_outbox (event_domain, event_type, event_stream, delivery_lane, canonical_address, payload)
  VALUES (
    'system', TG_ARGV[0], 'system.issue', 'fast', 'system_issues/' || NEW.code,
    jsonb_build_object('code', NEW.code, 'severity', NEW.severity, 'status', NEW.status)
  );
  RETURN NULL;
END
$function$;

-- 8. Tells that an issue was opened.
CREATE TRIGGER trg_system_issues_opened AFTER INSERT ON system_issues
FOR EACH ROW EXECUTE FUNCTION fn_system_issues_event('issue.opened');

-- 9. Tells that an issue was closed.
CREATE TRIGGER trg_system_issues_closed AFTER UPDATE OF status ON system_issues
FOR EACH ROW WHEN (OLD.status = 'open' AND NEW.status <> 'open')
EXECUTE FUNCTION fn_system_issues_event('issue.closed');
