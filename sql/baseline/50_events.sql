-- The vocabulary of events.
SET LOCAL search_path TO public, pg_temp;

-- Event types: what may be written to the outbox, and on which stream and lane.
CREATE TABLE event_type_registry (
  id serial PRIMARY KEY,
  event_domain varchar(64) NOT NULL,
  event_type varchar(128) NOT NULL,
  event_stream varchar(64) NOT NULL,
  delivery_lane varchar(64) NOT NULL,
  active boolean NOT NULL DEFAULT false,
  description text,
  UNIQUE (event_domain, event_type)
);

-- All governance types are inactive: nothing of governance can be sent.
INSERT INTO event_type_registry (event_domain, event_type, event_stream, delivery_lane, active, description)
VALUES
  ('governance', 'backfill.sweep_completed', 'governance.sweep', 'batch', false, 'A backfill sweep ended'),
  ('governance', 'candidate.scan_completed', 'governance.scan', 'batch', false, 'A scan for candidates ended'),
  ('governance', 'coverage.scan_completed', 'governance.scan', 'batch', false, 'A scan of coverage ended'),
  ('governance', 'handoff.object_born', 'governance.handoff', 'fast', false, 'An object was handed over at birth'),
  ('governance', 'input.untrusted_source', 'governance.input', 'fast', false, 'An input came from an untrusted source'),
  ('approval', 'request.created', 'approval.request', 'fast', true, NULL),
  ('approval', 'request.decided', 'approval.request', 'fast', true, NULL),
  ('birth', 'entity.born', 'birth.entity', 'batch', true, NULL),
  ('birth', 'entity.certified', 'birth.entity', 'batch', true, NULL),
  ('birth', 'entity.retired', 'birth.entity', 'batch', false, 'Not in use yet'),
  ('content', 'article.published', 'content.article', 'fast', true, NULL),
  ('content', 'page.rendered', 'content.page', 'batch', true, NULL),
  ('label', 'label.assigned', 'label.entity', 'batch', true, NULL),
  ('label', 'label.removed', 'label.entity', 'batch', true, NULL),
  ('system', 'issue.closed', 'system.issue', 'fast', true, NULL),
  ('system', 'issue.opened', 'system.issue', 'fast', true, NULL),
  ('workflow', 'run.finished', 'workflow.run', 'batch', true, NULL),
  ('workflow', 'step.finished', 'workflow.step', 'batch', true, NULL);
