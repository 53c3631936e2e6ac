-- Every reading of the rollout, once: the probe, the gates of tiers and rollbacks and the gate monitor all take it from here.
--
-- A paragraph is a reading: its name (or several, by commas), a colon and the query that gives one value. Between paragraphs
-- stands an empty line, within one there is none. Relations of schema public are written with their schema: where one is
-- missing or hidden, the reading is NULL, which stops. The columns that a reading needs beyond that are listed in a line
-- `-- needs: relation.column …`; what an operator can do, in a line `-- Remedy: …`; where a reading is about a thing that a
-- setting names, a line `-- About: thing {setting}` has both, so that a refusal says which one it was. A reading in words is
-- `none` (or says that all is as it should be) where there is nothing to tell, and otherwise names what it found. A second
-- column, `told`, names what a number counts and what it leaves out: it is shown, never judged and never kept, for it may
-- differ from one moment to the next.
-- SET and not SET LOCAL: probe and monitor take it too, and may run outside of a transaction.
SET one_roof.readings = $readings$

-- Where we are.

database:
  SELECT current_database()

server_version:
  SELECT current_setting('server_version_num')

-- The approvals that allow the rollout.

ospa:
  SELECT count(*) FROM public.os_proposal_approvals

ratified_request:
  -- needs: approval_requests.code approval_requests.status
  -- About: request {ratified_apr}
  -- Remedy: Name the approved request by -v ratified_apr=APR-… (a file alone: PGOPTIONS='-c one_roof.ratified_apr=APR-…'), or wait for the council's vote.
  SELECT string_agg(DISTINCT coalesce(status::text, 'NULL'), ',') FROM public.approval_requests
  WHERE code = nullif(current_setting('one_roof.ratified_apr', true), '')

-- What must be there, and what must not be there yet.

prerequisite_views:
  SELECT count(*) FROM pg_class
  WHERE relnamespace = to_regnamespace('public') AND relkind = 'v' AND relname = ANY (ARRAY[
    'v_governance_object_inventory', 'v_governance_object_containment', 'v_object_effective_owner',
    'v_object_owner_gap', 'v_object_owner_conflict'])

axis_objects:
  -- How many of the 43 names there are, whatever they stand for; indexes and sequences do not count.
  SELECT count(DISTINCT present.name)
  FROM (SELECT relname AS name FROM pg_class
        WHERE relnamespace = to_regnamespace('public') AND relkind NOT IN ('i', 'I', 'S', 't')
        UNION ALL
        SELECT proname FROM pg_proc
        WHERE pronamespace = to_regnamespace('public') AND proname = 'fn_governance_scan') AS present
  WHERE present.name = ANY ((SELECT regexp_split_to_array(current_setting('one_roof.objects'), '\s+'))::text[])

-- Ownership on the responsibility scopes.

ownership_gap:
  SELECT count(*) FROM public.v_object_owner_gap

ownership_rows:
  SELECT count(*) FROM public.governance_object_ownership

ownership_conflict:
  SELECT count(*) FROM public.v_object_owner_conflict

-- Emission, which stays off.

governance_outbox:
  -- needs: event_outbox.event_domain
  SELECT count(*) FROM public.event_outbox WHERE event_domain = 'governance'

active_event_types:
  -- needs: event_type_registry.event_domain event_type_registry.active
  SELECT count(*) FROM public.event_type_registry
  WHERE event_domain = 'governance' AND active IS NOT FALSE

-- Out-of-scope things that the rollout must leave as they are.

approval_requests:
  SELECT count(*) FROM public.approval_requests

apr_approvals:
  SELECT count(*) FROM public.apr_approvals

responsibility_scopes:
  -- needs: governance_responsibility_scope.status
  SELECT count(*) FROM public.governance_responsibility_scope WHERE status = 'active'

idle_in_transaction, idle_in_the_way_over_5s:
  -- Remedy: Have ended what a rollout has left behind; an application ends its transactions itself, so a second run may pass.
  -- Sessions that have been idle in a transaction for more than 5 seconds and were left by a rollout or make one wait. An application
  -- that works is idle in transactions: those in nobody's way do not count, and are named with the others in the second column.
  -- NULL where this login may not see what other sessions do.
  WITH login AS (
    -- Whoever rolls out. On a clone that may be the application's own login: then only what calls itself psql is taken for a rollout.
    SELECT role.rolname AS name, pg_has_role(role.oid, application.relowner, 'MEMBER') AS is_applications
    FROM pg_roles AS role
    LEFT JOIN pg_class AS application ON application.oid = to_regclass('public.' || 'governance_registry')
    WHERE role.rolname IN ('one_roof_login', nullif(current_setting('one_roof.executor', true), ''),
      CASE WHEN current_setting('one_roof.watching', true) = 'on' THEN NULL ELSE session_user END)
  ), guarded AS (
    -- Where one who writes makes us wait. Tier 1's foreign key to governance_registry lets nobody write there; Tier 3's rows
    -- refer to a row of governance_responsibility_scope, which must not be on its way out; into all the others tiers and rollbacks
    -- write, where an uncommitted row of the same key is in the way. Who only reads holds nothing up but a later
    -- rollback's DROP and TRUNCATE, which names him if it comes to that; who locks out readers stops the other readings.
    SELECT class.oid
    FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = class.relnamespace
    WHERE space.nspname = 'one_roof_rollout' AND class.relname = 'ledger' OR space.nspname = 'public' AND class.relname = ANY (
      ARRAY['governance_registry', 'governance_responsibility_scope', 'governance_object_ownership']
        || (SELECT regexp_split_to_array(current_setting('one_roof.objects'), '\s+'))::text[])
  ), idle AS (
    -- Looked at anew: a transaction keeps what it once saw of other sessions, and who went on since would seem to be idle still.
    SELECT session.pid, session.datid, pg_get_userbyid(session.usesysid) AS login, session.application_name AS application,
           extract(epoch FROM clock_timestamp() - session.state_change)::integer AS seconds
    FROM (SELECT pg_stat_clear_snapshot()) AS fresh (look)
    CROSS JOIN LATERAL pg_stat_get_activity(nullif(length(fresh.look::text), 0)) AS session
    WHERE session.datid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND session.pid <> pg_backend_pid()
      AND session.state LIKE 'idle in transaction%' AND session.state_change < clock_timestamp() - interval '5 seconds'
  ), held AS (
    SELECT idle.pid, lock.blocks, lock.blocks IS FALSE AND lock.mode = 'AccessShareLock' AS only_reads,
           upper(btrim(regexp_replace(replace(lock.mode, 'Lock', ''), '([A-Z])', ' \1', 'g')))
             || CASE lock.locktype WHEN 'advisory' THEN ' of the rollout' ELSE ' on ' || lock.relation::regclass END AS text
    FROM idle
    JOIN (SELECT *, locktype = 'advisory' OR relation IN (SELECT oid FROM guarded) AND mode <> ALL (ARRAY['AccessShareLock', 'RowShareLock']) AS blocks
          FROM pg_locks) AS lock ON lock.pid = idle.pid AND lock.database = idle.datid AND lock.granted
    LEFT JOIN pg_class AS class ON class.oid = lock.relation
    WHERE class.relkind IN ('r', 'p', 'v', 'm', 'f')
       OR lock.locktype = 'advisory' AND lock.classid = 1330795077 AND lock.objid = 1 AND lock.objsubid = 2
  ), judged AS (
    SELECT idle.*, locks.texts, CASE
        WHEN idle.application LIKE 'one-roof rollout%' THEN 'left by a rollout'
        WHEN login.name IS NOT NULL AND (login.is_applications IS NOT TRUE OR idle.application = 'psql') THEN 'left by a rollout'
        WHEN locks.block THEN 'in the way'
        ELSE 'not counted' END AS verdict
    FROM idle
    LEFT JOIN login ON login.name = idle.login
    CROSS JOIN LATERAL (
      SELECT bool_or(blocks) AS block, (array_agg(text ORDER BY blocks DESC, only_reads, text))[1:3] AS texts FROM held WHERE held.pid = idle.pid) AS locks
  )
  SELECT count(*) FILTER (WHERE verdict <> 'not counted'),
    array_to_string((array_agg(
      format('%s: pid %s, user %s, application "%s", idle in a transaction for %s s, holds %s', verdict, pid, login, application, seconds,
        coalesce(array_to_string(texts, ', '), 'no lock')) ORDER BY verdict = 'not counted', seconds DESC, pid))[1:10], '; ')
      || CASE WHEN count(*) > 10 THEN format('; and %s more', count(*) - 10) ELSE '' END AS told
  FROM judged
  HAVING pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')

system_issues:
  SELECT count(*) FROM public.system_issues

governance_relations:
  SELECT count(*) FROM public.governance_relations

dot_tools:
  SELECT count(*) FROM public.dot_tools

-- The axes.

active_axes:
  -- needs: axis_registry.status
  SELECT count(*) FROM public.axis_registry WHERE status = 'active'

responsibility_required:
  -- needs: v_axis_required_cell.axis_code
  SELECT count(*) FROM public.v_axis_required_cell WHERE axis_code = 'responsibility'

responsibility_axis_gap:
  -- needs: v_axis_coverage_gap.axis_code
  SELECT count(*) FROM public.v_axis_coverage_gap WHERE axis_code = 'responsibility'

containment_required:
  -- needs: v_axis_required_cell.axis_code
  SELECT count(*) FROM public.v_axis_required_cell WHERE axis_code = 'containment'

containment_gap:
  -- needs: v_axis_coverage_gap.axis_code
  SELECT count(*) FROM public.v_axis_coverage_gap WHERE axis_code = 'containment'

topic_gap:
  -- needs: v_axis_coverage_gap.axis_code
  SELECT count(*) FROM public.v_axis_coverage_gap WHERE axis_code = 'topic'

-- Topics against labels.

divergent:
  -- needs: v_reconcile_collection_topic_vs_label.flag
  SELECT count(*) FROM public.v_reconcile_collection_topic_vs_label WHERE flag = 'divergent'

projection_gap:
  SELECT count(*) FROM public.v_reconcile_topic_projection_gap

label_orphans:
  SELECT count(*) FROM public.v_reconcile_label_orphan

-- What the scans found: unknown until there was one.

open_drift:
  -- needs: governance_drift_state.status
  SELECT count(*) FROM public.governance_drift_state
  WHERE status = 'open'
  HAVING EXISTS (SELECT FROM public.governance_scan_run)

critical_drift:
  -- needs: governance_drift_state.status governance_drift_state.severity
  SELECT count(*) FROM public.governance_drift_state
  WHERE status = 'open' AND severity = 'critical'
  HAVING EXISTS (SELECT FROM public.governance_scan_run)

emittable:
  -- needs: governance_drift_state.status governance_drift_state.detector_code v_drift_event_map.detector_code
  -- needs: v_drift_event_map.event_type event_type_registry.event_domain event_type_registry.event_type event_type_registry.active
  SELECT count(*)
  FROM public.governance_drift_state AS drift
  JOIN public.v_drift_event_map AS map ON map.detector_code = drift.detector_code
  JOIN public.event_type_registry AS type ON type.event_domain = 'governance' AND type.event_type = map.event_type
  WHERE drift.status = 'open' AND type.active IS NOT FALSE
  HAVING EXISTS (SELECT FROM public.governance_scan_run)

-- What Tier 5 decided.

reconcile_decisions:
  SELECT count(*) FROM public.topic_label_reconcile_decision

kg_domain_x:
  -- needs: axis_value.axis_code axis_value.value_code axis_value.status
  SELECT status FROM public.axis_value WHERE axis_code = 'topic' AND value_code = 'kg-domain-x'

-- What the gates of single tiers judge beyond these: in Tier 0, what a later tier would stumble over.

ospa_valid:
  -- Remedy: Have the owner sign this proposal in Directus, anew where what is there no longer holds. Nobody else may.
  -- needs: approval_requests.code approval_requests.status
  -- `approved` if one row is what a person means by an approval, else what speaks against each. The table is Directus's and
  -- grows as people wish: columns are looked at where they are there and filled, each by what its name promises; a word that
  -- is not known to approve does not. Dates are compared as they are written, since a text may hold anything.
  WITH approval AS (
    SELECT row_number() OVER () AS number, to_jsonb(signed.*) AS columns FROM public.os_proposal_approvals AS signed
  ), known AS (
    -- Where no ratified request is named there is none to compare with: gate ratified_request is there for that.
    SELECT to_jsonb(now()) #>> '{}' AS moment, max(code) AS request, coalesce(max(to_jsonb(asked.*) ->> 'id'), max(code)) AS request_id
    FROM public.approval_requests AS asked
    WHERE code = nullif(current_setting('one_roof.ratified_apr', true), '') AND status = 'approved'
  ), judged AS (
    SELECT approval.number, CASE
      WHEN said.name ~ '^(status|decision|verdict|outcome|approval_(status|decision)|decision_status)$' THEN
        CASE WHEN said.value = '' AND said.name = 'status' THEN 'without status'
          WHEN said.value <> '' AND lower(said.value) <> ALL (ARRAY['approved', 'approve', 'accepted', 'confirmed', 'granted',
            'ratified', 'signed', 'published', 'active', 'yes', 'true']) THEN lower(said.value) END
      WHEN said.value = '' THEN NULL
      WHEN said.name ~ '^((is_)?(approved|accepted|agreed|valid|active)|esignature_agreement)$' THEN
        CASE WHEN lower(said.value) IN ('false', 'no', '0') THEN 'not ' || said.name END
      WHEN said.name ~ '^(is_|date_)?(rejected|declined|withdrawn|revoked|cancell?ed|deleted|archived|superseded)(_at|_on|_by|_date)?$' THEN
        CASE WHEN lower(said.value) NOT IN ('false', 'no', '0') THEN substring(said.name FROM '[a-z]+ed|withdrawn') END
      WHEN said.name ~ '^(date_)?expir(es|ed|y|ation)(_at|_on|_date)?$|^valid_(until|to|till|from)$' THEN
        CASE WHEN said.value !~ '^(\d{4}-\d\d-\d\d|-?infinity$)' THEN said.name || ' is no date: ' || said.value
          WHEN said.name = 'valid_from' THEN
            CASE WHEN replace(said.value, ' ', 'T') COLLATE "C" > known.moment THEN 'valid only from ' || said.value END
          WHEN replace(said.value, ' ', 'T') COLLATE "C" < left(known.moment, CASE length(said.value) WHEN 10 THEN 10 ELSE 99 END) THEN 'expired ' || said.value END
      WHEN said.name ~ '^((approval_)?request|apr)(_code|_ref|_id)?$|^approval_ref$' THEN
        CASE WHEN said.value NOT IN (known.request, known.request_id) THEN 'for another request ' || said.value END
      WHEN said.name ~ '^(os_)?proposal(_code|_ref|_id)?$' AND said.value !~* '^(\d+|[0-9a-f]{8}-[0-9a-f-]{27})$' THEN
        -- A number or a UUID is a key of the application's that nothing here can look up.
        CASE WHEN said.value NOT IN ('ONE-ROOF', coalesce(known.request, '')) THEN 'for another proposal ' || said.value END
    END AS fault
    FROM approval CROSS JOIN known
    LEFT JOIN LATERAL (SELECT lower(key) AS name, btrim(coalesce(value, '')) AS value FROM jsonb_each_text(approval.columns)) AS said ON true
  ), verdict AS (
    SELECT string_agg(DISTINCT left(fault, 80), ' and ') AS faults FROM judged GROUP BY number
  ), told AS (
    SELECT faults, count(*) AS rows FROM verdict GROUP BY faults
  )
  SELECT CASE WHEN count(*) = 0 THEN 'no approval' WHEN bool_or(faults IS NULL) THEN 'approved'
    ELSE array_to_string((array_agg(faults || CASE WHEN faults ~ '^\w+$' THEN ' ' || rows ELSE '' END ORDER BY faults))[1:5], ', ') END
  FROM told

server_writable:
  -- Remedy: Connect to the primary, or take back default_transaction_read_only.
  -- Who only watches has chosen to read only, or was made to as a role; that says nothing of the server.
  SELECT CASE
      WHEN pg_is_in_recovery() THEN 'a standby'
      WHEN setting.reset_val = 'on' AND NOT (coalesce(current_setting('one_roof.watching', true), '') = 'on' AND (
          setting.source = 'client' OR EXISTS (
            SELECT FROM pg_db_role_setting AS own JOIN pg_roles AS role ON role.oid = own.setrole
            WHERE role.rolname = session_user AND 'default_transaction_read_only=on' = ANY (own.setconfig))))
        THEN 'read only by default'
      ELSE 'yes' END
  FROM pg_settings AS setting WHERE setting.name = 'default_transaction_read_only'

missing_rights:
  -- Remedy: Have the listed rights granted to the login that runs the rollout.
  -- Of executor and owner where the roles of access/ take part; else of the login, or of the role that one_roof.executor names.
  WITH roles AS (
    SELECT CASE WHEN take_part THEN 'one_roof_executor' ELSE own END AS executor, CASE WHEN take_part THEN 'one_roof_owner' ELSE own END AS owner
    FROM (SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'one_roof_access' AND pg_get_userbyid(nspowner) = 'one_roof_access') AS take_part,
                 coalesce(nullif(current_setting('one_roof.executor', true), ''), current_user) AS own) AS known
  ), privilege AS (
    SELECT role.name AS role, 'SELECT' AS right_name, relation
    FROM roles CROSS JOIN LATERAL (VALUES (executor), (owner)) AS role (name)
    CROSS JOIN unnest(ARRAY[
      'os_proposal_approvals', 'approval_requests', 'event_outbox', 'event_type_registry', 'governance_responsibility_scope',
      'governance_registry', 'taxonomy', 'label_rules', 'entity_labels', 'governance_object_ownership',
      'v_governance_object_inventory', 'v_governance_object_containment', 'v_object_effective_owner', 'v_object_owner_gap',
      'v_object_owner_conflict']) AS relation
    UNION ALL SELECT executor, 'INSERT', 'governance_object_ownership' FROM roles
    UNION ALL SELECT executor, 'DELETE', 'governance_object_ownership' FROM roles
    UNION ALL SELECT owner, 'REFERENCES', 'governance_registry' FROM roles
  )
  SELECT coalesce(string_agg(DISTINCT needed.what || CASE WHEN needed.role LIKE 'one\_roof\_%' THEN ' for ' || needed.role ELSE '' END, ', '), 'none')
  FROM (
    SELECT role, right_name || ' on ' || relation AS what
    FROM privilege
    JOIN pg_class AS found ON found.relname = relation AND found.relnamespace = to_regnamespace('public')
    WHERE NOT has_table_privilege(role, found.oid, right_name)
    UNION ALL
    SELECT executor, 'USAGE on schema public' FROM roles WHERE NOT has_schema_privilege(executor, 'public', 'USAGE')
    UNION ALL
    SELECT owner, right_name || ' on schema public'
    FROM roles CROSS JOIN unnest(ARRAY['USAGE', 'CREATE']) AS right_name
    WHERE NOT has_schema_privilege(owner, 'public', right_name)
    UNION ALL
    SELECT executor, 'USAGE on ' || sequence.relname
    FROM roles CROSS JOIN pg_class AS sequence
    WHERE sequence.oid = (
        SELECT dependency.objid FROM pg_depend AS dependency
        JOIN pg_class AS owned ON owned.oid = dependency.objid AND owned.relkind = 'S'
        WHERE dependency.refobjid = to_regclass('public.' || 'governance_object_ownership') AND dependency.deptype = 'a' LIMIT 1)
      AND NOT has_sequence_privilege(executor, sequence.oid, 'USAGE')
    UNION ALL
    SELECT role.name, 'membership in pg_read_all_stats'
    FROM roles CROSS JOIN LATERAL (VALUES (executor), (owner)) AS role (name)
    WHERE NOT pg_has_role(role.name, 'pg_read_all_stats', 'USAGE')
  ) AS needed

columns_missing:
  -- Remedy: Restore the listed relations and columns as they were when the rollout was approved.
  -- Columns of the application that the rollout reads or writes.
  SELECT coalesce(string_agg(relation || '.' || name, ', ' ORDER BY relation, name), 'none')
  FROM (VALUES
    ('v_governance_object_inventory', 'object_type object_ref requires_owner born'),
    ('v_governance_object_containment', 'object_type object_ref parent_type parent_ref'),
    ('v_object_effective_owner', 'object_type object_ref scope owner_gov_code owner_kind resolution'),
    ('v_object_owner_gap', 'object_type object_ref scope'),
    ('governance_object_ownership', 'object_type object_ref scope owner_kind owner_gov_code is_inherited_anchor effective_from '
      'lifecycle_status approval_ref created_at created_by'),
    ('governance_responsibility_scope', 'scope_code status'),
    ('governance_registry', 'code'),
    ('taxonomy', 'code facet_id status'),
    ('label_rules', 'id rule_type condition label_code status'),
    ('entity_labels', 'label_code rule_id assigned_at'),
    ('event_type_registry', 'event_domain event_type active')
  ) AS needed (relation, names)
  CROSS JOIN LATERAL regexp_split_to_table(names, ' ') AS name
  WHERE NOT EXISTS (
    SELECT FROM pg_attribute
    WHERE attrelid = to_regclass('public.' || relation) AND attname = name AND NOT attisdropped)

agencies_missing:
  -- Remedy: Have the agency registered again, or the rollout ratified for another one.
  -- needs: governance_registry.code
  -- The agencies that Tiers 3 and 5 make accountable.
  SELECT coalesce(string_agg(DISTINCT word[2], ', '), 'none')
  FROM regexp_matches(current_setting('one_roof.agencies'), '(\S+) +(\S+)', 'g') AS word
  WHERE NOT EXISTS (SELECT FROM public.governance_registry WHERE governance_registry.code = word[2])

mapped_labels_inactive:
  -- needs: taxonomy.code taxonomy.status
  -- Remedy: Have the label activated again in the taxonomy.
  SELECT count(*)
  FROM unnest(ARRAY['LBL-006', 'LBL-061', 'LBL-004', 'LBL-101', 'LBL-014', 'LBL-002']) AS label (code)
  WHERE NOT EXISTS (
    SELECT FROM public.taxonomy WHERE taxonomy.code = label.code AND taxonomy.status = 'active')

rule_labels_unknown:
  -- needs: label_rules.rule_type label_rules.condition label_rules.label_code label_rules.status taxonomy.code
  -- Remedy: Have the rule corrected, or its label added to the taxonomy.
  -- Rules of collections that get a topic, which produce a label that is not in the taxonomy: nobody can tell what they mean.
  SELECT coalesce(string_agg(DISTINCT format('%s to %s', rule.condition ->> 'collection', rule.label_code), ', '), 'none')
  FROM public.label_rules AS rule
  WHERE rule.rule_type = 'collection' AND rule.status = 'active'
    AND rule.condition ->> 'collection' = ANY (ARRAY[
      'agents', 'governance_registry', 'workflows', 'modules', 'tasks', 'iu_staging_record'])
    AND NOT EXISTS (SELECT FROM public.taxonomy WHERE taxonomy.code = rule.label_code)

orphan_labels:
  -- needs: entity_labels.label_code taxonomy.code taxonomy.status
  -- Remedy: Have the labels activated in the taxonomy, or taken off the entities.
  -- What label_orphans will be: labels in use that are not active vocabulary, known before there is a view for it.
  SELECT count(*)
  FROM (SELECT label_code FROM public.entity_labels
        WHERE NOT EXISTS (
          SELECT FROM public.taxonomy WHERE taxonomy.code = entity_labels.label_code AND taxonomy.status = 'active')
        GROUP BY label_code) AS orphan

-- In Tier 1, whether the 43 are what they should be.

structure_rows:
  -- Remedy: Where it names a right, have it granted to the owner of the views; where it counts rows, restore the released structure file.
  -- Rows of all the views together, which is none until the first axis is registered; unknown while one is not there. A view
  -- reads with the rights of its owner: what that one may not read is named, for then nothing can be counted.
  WITH ours AS (
    SELECT word[1] AS name, to_regclass('public.' || word[1]) AS relation
    FROM regexp_matches(current_setting('one_roof.objects'), 'view +(\w+)', 'g') AS word
  ), closed AS (
    SELECT DISTINCT source.relname
    FROM ours
    JOIN pg_class AS reader ON reader.oid = ours.relation
    JOIN pg_rewrite AS rule ON rule.ev_class = reader.oid
    JOIN pg_depend AS read ON read.classid = 'pg_rewrite'::regclass AND read.objid = rule.oid AND read.refclassid = 'pg_class'::regclass
    JOIN pg_class AS source ON source.oid = read.refobjid AND source.oid <> reader.oid
    WHERE NOT has_any_column_privilege(reader.relowner, source.oid, 'SELECT')
  )
  SELECT CASE
    WHEN EXISTS (SELECT FROM public.axis_registry) THEN '0'
    WHEN EXISTS (SELECT FROM closed) THEN (SELECT 'no SELECT on ' || string_agg(relname, ', ' ORDER BY relname) FROM closed)
    WHEN (SELECT bool_and(has_table_privilege(relation, 'SELECT')) AND bool_and(relation IS NOT NULL) FROM ours) THEN (
    SELECT sum((xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM public.%I', name), false, true, '')))[1]::text::integer)::text
    FROM ours) END

structure:
  -- Remedy: Find out who changed the objects named; where they can go, sql/prod_rollback/99_rollback_full.sql removes them.
  -- Which of the 43 are not defined as Tier 1 defines them: columns, constraints, indexes, triggers, rules, policies, queries,
  -- bodies. Servers print queries with more or fewer qualifiers and parentheses, so these do not count.
  WITH listed AS (
    SELECT word[1] AS kind, word[2] AS name, word[3] AS digest
    FROM regexp_split_to_table(btrim(current_setting('one_roof.objects'), E' \n'), '\n') AS line
    CROSS JOIN LATERAL regexp_split_to_array(btrim(line), ' +') AS word
  ), relation AS (
    SELECT class.oid, class.relname::text AS name, class.relkind, class.relpersistence, class.reloptions, class.relrowsecurity,
           class.relforcerowsecurity
    FROM listed JOIN pg_class AS class ON class.relname = listed.name AND class.relnamespace = to_regnamespace('public')
     AND class.relkind = CASE listed.kind WHEN 'table' THEN 'r' WHEN 'view' THEN 'v' END
  ), part AS (
    SELECT name, concat_ws(' ', 'options', relpersistence, reloptions, relrowsecurity, relforcerowsecurity) AS text FROM relation
    UNION ALL
    SELECT name, concat_ws(' ', 'column', row_number() OVER (PARTITION BY relation.oid ORDER BY attnum), attname,
      format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid), attidentity, attgenerated)
    FROM relation JOIN pg_attribute ON attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    UNION ALL
    SELECT name, concat_ws(' ', 'constraint', conname, pg_get_constraintdef(pg_constraint.oid), convalidated)
    FROM relation JOIN pg_constraint ON conrelid = relation.oid AND contype <> 'n'
    UNION ALL
    -- A rehearsal has made it, found it as it should be, and keeps it back so that its lock makes nobody wait.
    SELECT relation.name, concat_ws(' ', 'constraint', late.name, late.definition, late.validated)
    FROM relation
    JOIN json_to_recordset(substring(current_setting('one_roof.deferred', true) FROM format('^(.*) %s$', pg_backend_pid()))::json)
      AS late ("table" text, name text, definition text, validated boolean) ON late."table" = 'public.' || relation.name
    UNION ALL
    SELECT name, concat_ws(' ', 'index', pg_get_indexdef(indexrelid), indisvalid) FROM relation JOIN pg_index ON indrelid = relation.oid
    UNION ALL
    SELECT name, concat_ws(' ', 'trigger', pg_get_triggerdef(pg_trigger.oid), tgenabled)
    FROM relation JOIN pg_trigger ON tgrelid = relation.oid AND NOT tgisinternal
    UNION ALL
    SELECT name, concat_ws(' ', 'policy', polname) FROM relation JOIN pg_policy ON polrelid = relation.oid
    UNION ALL
    SELECT name, concat_ws(' ', 'rule', pg_get_ruledef(pg_rewrite.oid)) FROM relation JOIN pg_rewrite ON ev_class = relation.oid
    WHERE rulename <> '_RETURN'
    UNION ALL
    SELECT name, 'query ' || pg_get_viewdef(relation.oid) FROM relation WHERE relkind = 'v'
    UNION ALL
    SELECT proname, concat_ws(' ', pg_get_function_arguments(oid), pg_get_function_result(oid), provolatile, prosecdef, proisstrict,
      proconfig, prosrc)
    FROM pg_proc WHERE pronamespace = to_regnamespace('public') AND proname = 'fn_governance_scan'
  ), told AS (
    SELECT name, translate(regexp_replace(text, '\w+\.', '', 'g'), E' ()\n\t', '') COLLATE "C" AS text FROM part
  ), live AS (
    SELECT name, md5(string_agg(text, E'\n' ORDER BY text)) AS digest FROM told GROUP BY name
  )
  SELECT CASE WHEN count(live.name) = 0 THEN 'not there' ELSE coalesce(string_agg(listed.name, ', ' ORDER BY listed.name)
    FILTER (WHERE live.digest IS DISTINCT FROM listed.digest), 'as defined') END
  FROM listed LEFT JOIN live ON live.name = listed.name

foreign_privileges:
  -- Remedy: Revoke what is listed, and see pg_default_acl for who gave it by default.
  -- Who may do what with the 43 beyond their owner, one owner of all, and readers of the seven v_ui_* views; of the function
  -- PUBLIC has what every function gives. Where the roles of access/ take part the owner is theirs, and executor and monitor have
  -- what Tier 1 gives them.
  WITH role AS (
    SELECT to_regrole('one_roof_owner')::oid AS owner, to_regrole('one_roof_executor')::oid AS executor, to_regrole('one_roof_monitor')::oid AS monitor
    FROM (SELECT) AS one
    WHERE EXISTS (SELECT FROM pg_namespace WHERE nspname = 'one_roof_access' AND pg_get_userbyid(nspowner) = 'one_roof_access')
  ), ours AS (
    SELECT class.oid, class.relname::text AS name, class.relowner AS owner, class.relacl AS acl
    FROM pg_class AS class
    WHERE class.relnamespace = to_regnamespace('public') AND class.relkind IN ('r', 'v')
      AND class.relname = ANY ((SELECT regexp_split_to_array(current_setting('one_roof.objects'), '\s+'))::text[])
    UNION ALL
    SELECT oid, proname, proowner, proacl FROM pg_proc
    WHERE pronamespace = to_regnamespace('public') AND proname = 'fn_governance_scan'
  ), granted AS (
    SELECT name, owner, (aclexplode(acl)).* FROM ours
    UNION ALL
    SELECT name || '.' || attname, owner, (aclexplode(attacl)).* FROM ours JOIN pg_attribute ON attrelid = ours.oid
    UNION ALL
    SELECT sequence.relname, ours.owner, (aclexplode(sequence.relacl)).*
    FROM ours JOIN pg_depend ON refobjid = ours.oid AND deptype = 'i' JOIN pg_class AS sequence ON sequence.oid = objid AND sequence.relkind = 'S'
  )
  SELECT coalesce(string_agg(told.text, ', ' ORDER BY told.text), 'none')
  FROM (
    SELECT format('%s %s to %s', name, privilege_type, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee)::text END) AS text
    FROM granted
    LEFT JOIN role ON true
    WHERE grantee <> granted.owner
      AND NOT (name LIKE 'v\_ui\_%' AND privilege_type = 'SELECT' AND NOT is_grantable AND grantee <> 0)
      AND NOT (name = 'fn_governance_scan' AND privilege_type = 'EXECUTE' AND grantee = 0)
      AND (NOT is_grantable AND (
        grantee IN (executor, monitor) AND privilege_type = 'SELECT' AND EXISTS (SELECT FROM ours WHERE ours.name = granted.name)
        OR grantee = executor AND privilege_type IN ('INSERT', 'UPDATE', 'DELETE') AND current_setting('one_roof.seeds') ~ format('\m%s\M', name)
        OR grantee = executor AND privilege_type = 'TRUNCATE' AND current_setting('one_roof.seeds') ~ format('\m6 %s\M', name)
        OR grantee = executor AND privilege_type = 'EXECUTE' AND name = 'fn_governance_scan'
        OR grantee = executor AND privilege_type = 'USAGE' AND name LIKE 'governance\_scan\_run\_%\_seq')) IS NOT TRUE
    UNION ALL
    SELECT 'owned by ' || string_agg(DISTINCT pg_get_userbyid(ours.owner)::text, ' and ') FROM ours LEFT JOIN role ON true
    HAVING count(DISTINCT ours.owner) > 1 OR bool_or(ours.owner <> role.owner)
  ) AS told

-- In Tiers 2 to 5, whether seeds fit what they are written into.

responsibility_gap_drift:
  -- needs: v_axis_coverage_gap.axis_code v_axis_coverage_gap.object_type v_axis_coverage_gap.object_ref
  -- needs: v_axis_coverage_gap.value_code v_object_owner_gap.object_type v_object_owner_gap.object_ref v_object_owner_gap.scope
  -- Cells that are a gap for the axis or for the application, but not for both.
  SELECT count(*)
  FROM (SELECT object_type, object_ref, value_code FROM public.v_axis_coverage_gap WHERE axis_code = 'responsibility') AS axis
  FULL JOIN (SELECT object_type, object_ref, scope FROM public.v_object_owner_gap) AS store
    ON store.object_type = axis.object_type AND store.object_ref = axis.object_ref AND store.scope = axis.value_code
  WHERE axis.object_ref IS NULL OR store.object_ref IS NULL

ownership_seeded:
  -- needs: governance_object_ownership.created_by
  SELECT count(*) FROM public.governance_object_ownership
  WHERE created_by = 'PROD_OWNERSHIP_SEED_2026-06-03'

owners:
  -- needs: governance_object_ownership.created_by governance_object_ownership.approval_ref
  -- Remedy: See the triggers and rules of governance_object_ownership: something changes what the seed writes.
  -- Seed rows that are not what was ratified, against the list of sql/common/agencies.sql.
  SELECT coalesce(string_agg(
    format('%s %s %s', seed.object_ref, seed.scope, seed.owner_gov_code), ', ' ORDER BY seed.object_ref, seed.scope), 'as ratified')
  FROM public.governance_object_ownership AS seed
  WHERE seed.created_by = 'PROD_OWNERSHIP_SEED_2026-06-03'
    AND (seed.object_type, seed.owner_kind, seed.is_inherited_anchor, seed.lifecycle_status, seed.approval_ref,
         format('%s %s', seed.object_ref, seed.owner_gov_code)) IS DISTINCT FROM
        ('group', 'accountable', true, 'active', current_setting('one_roof.ratified_apr', true),
         (SELECT format('%s %s', word[1], word[2])
          FROM regexp_matches(current_setting('one_roof.agencies'), '(\S+) +(\S+)', 'g') AS word
          WHERE word[1] = seed.object_ref))

group_owners_ambiguous:
  -- needs: v_governance_object_containment.parent_type v_governance_object_containment.parent_ref
  -- needs: governance_object_ownership.owner_gov_code governance_object_ownership.approval_ref
  -- Remedy: Have one agency, under one approval, made accountable for the group in all scopes.
  -- Groups for which more than one agency or approval is in effect now: their members' owner would be a guess.
  SELECT coalesce(string_agg(format('%s %s', ambiguous.object_ref, ambiguous.owners), '; ' ORDER BY ambiguous.object_ref), 'none')
  FROM (
    SELECT object_ref, string_agg(DISTINCT format('%s by %s', owner_gov_code, coalesce(approval_ref, 'no approval')), ', ') AS owners
    FROM public.governance_object_ownership
    WHERE owner_kind = 'accountable' AND lifecycle_status = 'active' AND is_inherited_anchor
      AND (object_type, object_ref) IN (SELECT parent_type, parent_ref FROM public.v_governance_object_containment)
    GROUP BY object_ref
    HAVING count(DISTINCT (owner_gov_code, approval_ref)) > 1
  ) AS ambiguous

containment_unregistered_groups:
  -- needs: v_governance_object_containment.parent_ref axis_value.axis_code axis_value.value_code axis_value.status
  SELECT count(DISTINCT edge.parent_ref) FROM public.v_governance_object_containment AS edge
  WHERE NOT EXISTS (
    SELECT FROM public.axis_value AS value
    WHERE value.axis_code = 'containment' AND value.value_code = edge.parent_ref AND value.status = 'active')

containment_without_group:
  -- needs: v_governance_object_inventory.object_type v_governance_object_inventory.object_ref
  -- needs: v_governance_object_inventory.requires_owner v_governance_object_inventory.born
  -- needs: v_governance_object_containment.object_type v_governance_object_containment.object_ref
  SELECT count(*)
  FROM (SELECT object_type, object_ref FROM public.v_governance_object_inventory WHERE requires_owner AND born
        EXCEPT
        SELECT object_type, object_ref FROM public.v_governance_object_containment) AS alone

rows_differing:
  -- needs: axis_registry.axis_code axis_registry.created_by axis_value.value_code axis_value.tag coverage_rule.rule_code
  -- needs: coverage_rule.tag axis_assignment.object_ref axis_assignment.tag axis_object_ownership.object_ref
  -- needs: axis_object_ownership.tag topic_taxonomy_map.topic_value topic_taxonomy_map.label_code topic_taxonomy_map.tag
  -- needs: topic_label_reconcile_decision.coll topic_label_reconcile_decision.tag
  -- Remedy: Find out who wrote the rows named, and have them removed or made what the tier writes.
  -- Rows that were there before a tier and are not what it writes, as the tier itself has marked them.
  SELECT coalesce(string_agg(marked.name, ', ' ORDER BY marked.name), 'none')
  FROM (
    SELECT 'axis_registry ' || axis_code AS name FROM public.axis_registry WHERE created_by = 'differs'
    UNION ALL SELECT 'axis_value ' || value_code FROM public.axis_value WHERE tag = 'differs'
    UNION ALL SELECT 'coverage_rule ' || rule_code FROM public.coverage_rule WHERE tag = 'differs'
    UNION ALL SELECT 'axis_assignment ' || object_ref FROM public.axis_assignment WHERE tag = 'differs'
    UNION ALL SELECT 'axis_object_ownership ' || object_ref FROM public.axis_object_ownership WHERE tag = 'differs'
    UNION ALL SELECT format('topic_taxonomy_map %s %s', topic_value, label_code) FROM public.topic_taxonomy_map WHERE tag = 'differs'
    UNION ALL SELECT 'topic_label_reconcile_decision ' || coll FROM public.topic_label_reconcile_decision WHERE tag = 'differs'
  ) AS marked

-- In every tier and rollback, what one file did or would undo. Outside of it these are NULL or of the database as a whole.

row_deltas:
  -- Remedy: A trigger, a rule or an edit of the file writes what is not declared; nothing of it may stay.
  SELECT nullif(current_setting('one_roof.row_deltas', true), '')

tier_rows:
  -- Rows that the tier in hand has seeded and that are there.
  SELECT coalesce(sum((xpath('/row/n/text()', query_to_xml(
    format('SELECT count(*) AS n FROM public.%I WHERE %s', word[2], word[3]), false, true, '')))[1]::text::bigint), 0)
  FROM regexp_matches(current_setting('one_roof.seeds'), '(\d+) (\w+) +([^\n]+)', 'g') AS word
  WHERE (word[3] = 'true' AND to_regclass('public.' || word[2]) IS NOT NULL OR EXISTS (
      SELECT FROM pg_attribute
      WHERE attrelid = to_regclass('public.' || word[2]) AND attname = split_part(word[3], ' ', 1) AND NOT attisdropped))
    AND word[1] = substring(current_setting('one_roof.step', true) FROM 'Tier (\d+)')

later_tier_rows:
  -- Rows that tiers above the one in hand have seeded.
  SELECT coalesce(sum((xpath('/row/n/text()', query_to_xml(
    format('SELECT count(*) AS n FROM public.%I WHERE %s', word[2], word[3]), false, true, '')))[1]::text::bigint), 0)
  FROM regexp_matches(current_setting('one_roof.seeds'), '(\d+) (\w+) +([^\n]+)', 'g') AS word
  WHERE (word[3] = 'true' AND to_regclass('public.' || word[2]) IS NOT NULL OR EXISTS (
      SELECT FROM pg_attribute
      WHERE attrelid = to_regclass('public.' || word[2]) AND attname = split_part(word[3], ' ', 1) AND NOT attisdropped))
    AND word[1]::integer > substring(current_setting('one_roof.step', true) FROM 'Tier (\d+)')::integer

others_rows:
  -- Rows in our tables that no tier has seeded, by table, with the first five: on the axis in hand, or on all where none is.
  -- A tier looks for them before its first run only; what people add to its axis afterwards is theirs.
  WITH seed AS (
    SELECT word[1] AS tier, word[2] AS relation, word[3] AS condition
    FROM regexp_matches(current_setting('one_roof.seeds'), '(\d+) (\w+) +([^\n]+)', 'g') AS word
    JOIN pg_attribute AS own ON own.attrelid = to_regclass('public.' || word[2]) AND own.attname = split_part(word[3], ' ', 1)
    WHERE word[1] IN ('2', '4', '5') AND NOT own.attisdropped
  ), others AS (
    SELECT relation, query_to_xml(format(
      $q$ SELECT count(*) AS n, array_to_string((array_agg(key ORDER BY key))[1:5], ', ') AS keys
          FROM (SELECT coalesce(r ->> 'object_ref', r ->> 'coll', r ->> 'rule_code', r ->> 'value_code', r ->> 'topic_value',
                                r ->> 'axis_code') AS key
                FROM (SELECT to_jsonb(t) AS r FROM public.%I AS t WHERE (%s) IS NOT TRUE) AS other
                WHERE %L IN ('', r ->> 'axis_code')) AS named $q$,
      relation, string_agg(condition, ' OR '), current_setting('one_roof.axis', true)), true, true, '') AS told
    FROM seed GROUP BY relation
  ), applied AS (
    SELECT (xpath('/row/n/text()', query_to_xml(
      format('SELECT count(*) AS n FROM public.%I WHERE %s', relation, condition), false, true, '')))[1]::text <> '0' AS already
    FROM seed
    WHERE relation = 'axis_registry' AND current_setting('one_roof.step', true) ~ ('^Tier ' || tier || ' \(')
  )
  SELECT coalesce(string_agg(format('%s %s (%s)', relation, (xpath('/row/n/text()', told))[1], (xpath('/row/keys/text()', told))[1]),
           ', ' ORDER BY relation), 'none')
  FROM others
  WHERE (xpath('/row/n/text()', told))[1]::text <> '0' AND NOT EXISTS (SELECT FROM applied WHERE already)

ownership_cells:
  -- needs: v_governance_object_inventory.requires_owner v_governance_object_inventory.born
  -- needs: governance_responsibility_scope.status
  -- Collections times scopes, which is the gap where nobody owns anything. Where the responsibility axis is there, its scopes
  -- are those of the rollout's entry, whatever was retired since.
  SELECT (SELECT count(*) FROM public.v_governance_object_inventory WHERE requires_owner AND born)
    * coalesce(nullif(CASE WHEN (
          SELECT count(*) = 2 FROM pg_attribute
          WHERE attrelid = to_regclass('public.' || 'axis_value') AND attname IN ('axis_code', 'status') AND NOT attisdropped
        ) THEN (xpath('/row/n/text()', query_to_xml(format(
          $q$ SELECT count(*) AS n FROM public.%I WHERE axis_code = 'responsibility' AND status = 'active' $q$, 'axis_value'),
          false, true, '')))[1]::text::bigint END, 0),
        (SELECT count(*) FROM public.governance_responsibility_scope WHERE status = 'active'))

$readings$;
