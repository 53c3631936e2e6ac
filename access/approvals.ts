/**
 * The approver's act, as SQL: a table that nobody writes but through two functions, which give the login its membership in
 * owner and executor and take it back. What they rest on stands in README.md.
 */
import type { Roles } from "../provider";

export interface ApprovalFunction {
  readonly name: string;
  /** As PostgreSQL prints them. */
  readonly args: string;
  readonly returns: string;
  readonly body: string;
}

export function approvalTable({ access }: Roles): string {
  return `${access}.approval`;
}

export function approvalFunctions(roles: Roles): ApprovalFunction[] {
  return [approve(roles), withdraw(roles)];
}

/** A function under which the catalogs know it. */
export function signature({ access }: Roles, { name, args }: ApprovalFunction): string {
  return `${access}.${name}(${args})`;
}

export function createApprovals(roles: Roles): string {
  return `CREATE TABLE IF NOT EXISTS ${approvalTable(roles)} (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  release      text NOT NULL,
  request      text NOT NULL,
  approved_by  text NOT NULL,
  approved_at  timestamptz NOT NULL,
  valid_until  timestamptz NOT NULL,
  withdrawn_at timestamptz,
  withdrawn_by text
);
COMMENT ON TABLE ${approvalTable(roles)} IS
  'Who allowed which release to be rolled out under which request, and until when. Written by approve() and withdraw() alone.';

${approvalFunctions(roles)
  .map((each) => createFunction(roles, each))
  .join("\n\n")}`;
}

function createFunction(roles: Roles, { name, args, returns, body }: ApprovalFunction): string {
  return `CREATE OR REPLACE FUNCTION ${roles.access}.${name}(${args}) RETURNS ${returns}
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD'
SET timezone = 'UTC'
AS $function$${body}$function$;
REVOKE ALL ON FUNCTION ${roles.access}.${name}(${args}) FROM PUBLIC;`;
}

function approve({ access, owner, executor, login }: Roles): ApprovalFunction {
  const args = "release text, request text, valid_for interval";
  const body = `
DECLARE
  begins   CONSTANT timestamptz := clock_timestamp();
  ends     CONSTANT timestamptz := begins + valid_for;
  in_force ${access}.approval;
BEGIN
  IF session_user = '${login}' THEN
    RAISE EXCEPTION 'The login of the rollout cannot approve it.' USING ERRCODE = '42501';
  ELSIF (approve.release ~ '^[0-9a-f]{64}$') IS NOT TRUE THEN
    RAISE EXCEPTION 'A release is known by its digest of 64 hexadecimal digits, as npm run manifest prints it; found %.',
      coalesce(quote_literal(approve.release), 'none') USING ERRCODE = '22023';
  ELSIF (btrim(approve.request) <> '') IS NOT TRUE THEN
    RAISE EXCEPTION 'An approval names the request that it grants.' USING ERRCODE = '22023';
  ELSIF (ends BETWEEN begins + interval '1 minute' AND begins + interval '168 hours') IS NOT TRUE THEN
    RAISE EXCEPTION 'An approval is valid for 1 minute to 7 days, not for %.', coalesce(valid_for::text, 'an unknown time')
      USING ERRCODE = '22023';
  END IF;

  -- One at a time: whoever comes second sees the first.
  LOCK TABLE ${access}.approval IN SHARE ROW EXCLUSIVE MODE;
  SELECT * INTO in_force FROM ${access}.approval AS known WHERE known.withdrawn_at IS NULL AND known.valid_until > begins LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'An approval of release % under % by % is in force until %.',
      in_force.release, in_force.request, in_force.approved_by, in_force.valid_until
      USING ERRCODE = '55000', HINT = 'Nothing was changed. Withdraw it first: SELECT ${access}.withdraw()';
  END IF;
  INSERT INTO ${access}.approval (release, request, approved_by, approved_at, valid_until)
  VALUES (approve.release, btrim(approve.request), session_user, begins, ends);

  -- From 16 on a membership says itself that it is not inherited; before that the login does (NOINHERIT).
  EXECUTE format('GRANT %I, %I TO %I %s', '${owner}', '${executor}', '${login}',
    CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'WITH INHERIT FALSE, SET TRUE' END);
  EXECUTE format('ALTER ROLE %I VALID UNTIL %L', '${login}', ends);
  RETURN ends;
END
`;
  return { name: "approve", args, returns: "timestamp with time zone", body };
}

function withdraw({ access, owner, executor, login }: Roles): ApprovalFunction {
  const body = `
DECLARE
  ended boolean;
  kept  text;
BEGIN
  LOCK TABLE ${access}.approval IN SHARE ROW EXCLUSIVE MODE;
  UPDATE ${access}.approval AS known SET withdrawn_at = clock_timestamp(), withdrawn_by = session_user
  WHERE known.withdrawn_at IS NULL AND known.valid_until > clock_timestamp();
  ended := FOUND;

  EXECUTE format('REVOKE %I, %I FROM %I', '${owner}', '${executor}', '${login}');
  EXECUTE format('ALTER ROLE %I VALID UNTIL %L', '${login}', clock_timestamp());
  SELECT string_agg(DISTINCT pg_get_userbyid(member.roleid)::text, ', ') INTO kept FROM pg_auth_members AS member
  WHERE pg_get_userbyid(member.member) = '${login}' AND pg_get_userbyid(member.roleid) IN ('${owner}', '${executor}');
  IF kept IS NOT NULL THEN
    RAISE WARNING '% is still a member of %: somebody else made it so, and has to take that back.', '${login}', kept;
  END IF;

  -- Whoever ends its own rollout goes on to say goodbye; anybody else ends what is under way.
  IF session_user <> '${login}' THEN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE usename = '${login}' AND datname = current_database() AND pid <> pg_backend_pid();
  END IF;
  RETURN ended;
END
`;
  return { name: "withdraw", args: "", returns: "boolean", body };
}
