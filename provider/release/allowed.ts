import { RolloutError } from "../model/errors";

/**
 * Statements that a tier or its rollback may use: what writes rows, what defines objects of a schema, and what they
 * need. All of their effects are rolled back with the transaction and seen by its snapshots, so that the delta contract
 * can judge them. Files, programs, roles, databases, settings of the server, extensions and other sessions are out of
 * its sight, and whatever is not listed here is refused when the file is read.
 */
const ALLOWED = new Set(
  (
    "SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt TruncateStmt DoStmt LockStmt ConstraintsSetStmt CommentStmt GrantStmt " +
    "AlterDefaultPrivilegesStmt CreateSchemaStmt CreateStmt CreateTableAsStmt RefreshMatViewStmt ViewStmt IndexStmt CreateSeqStmt " +
    "AlterSeqStmt CreateFunctionStmt AlterFunctionStmt CreateTrigStmt RuleStmt CreatePolicyStmt AlterPolicyStmt CreateEnumStmt " +
    "AlterEnumStmt CompositeTypeStmt CreateRangeStmt CreateDomainStmt AlterDomainStmt DefineStmt CreateStatsStmt AlterTableStmt " +
    "RenameStmt AlterObjectSchemaStmt AlterOwnerStmt DropStmt"
  ).split(" "),
);

/** Kinds of objects whose privileges reach beyond the database's own schemas. */
const SHARED = new Set([
  "OBJECT_DATABASE",
  "OBJECT_PARAMETER_ACL",
  "OBJECT_TABLESPACE",
  "OBJECT_FOREIGN_SERVER",
  "OBJECT_FDW",
]);

/** Settings of the server that a file may set for itself; those of a rollout have a dot in their name. */
const SETTINGS = new Set(
  (
    "search_path row_security intervalstyle datestyle timezone quote_all_identifiers standard_conforming_strings lock_timeout " +
    "statement_timeout client_min_messages work_mem maintenance_work_mem"
  ).split(" "),
);

/** What a body that is run later would say to get out of sight; the text of a DO block is a string to the parser. */
const OUT_OF_SIGHT =
  /\b(TO|FROM)\s+PROGRAM\b|\bALTER\s+(SYSTEM|ROLE|USER|DATABASE)\b|\bCREATE\s+(EXTENSION|ROLE|USER|DATABASE)\b|\bSET\s+(LOCAL\s+|SESSION\s+)?(SESSION\s+AUTHORIZATION|track_counts|session_replication_role)\b|set_config\s*\(\s*'(track_counts|session_replication_role|session_authorization)'|\b(setval|lo_\w+|dblink\w*|pg_read_file|pg_ls_dir|pg_terminate_backend)\s*\(/i;

/** A statement as the parser gives it: its kind, and what of it is looked at. */
export type ParsedStatement = Readonly<
  Record<string, { kind?: string; name?: string; objtype?: string; options?: unknown } | undefined>
>;

/** Refuses a statement that the delta contract could not judge. `sql` is its text, `at` its file and line. */
export function requireAllowed(stmt: ParsedStatement, sql: string, at: string): void {
  const [[kind, node] = ["an empty statement", undefined]] = Object.entries(stmt);
  const refuse = (what: string) => {
    throw new RolloutError(
      `${at}: ${what} is not allowed in a tier, because what it does outlives a rollback or cannot be measured. ` +
        `Nothing was changed. Take it out of the file; whoever runs the server does it by hand.`,
    );
  };
  if (kind === "TransactionStmt") return;
  if (kind === "VariableSetStmt") {
    const name = (node?.name ?? "").toLowerCase();
    if (!name.includes(".") && !SETTINGS.has(name)) refuse(`setting ${name || "everything back"}`);
    return;
  }
  if (!ALLOWED.has(kind)) refuse(kind.replace(/Stmt$/, ""));
  if (node?.objtype !== undefined && SHARED.has(node.objtype)) refuse(`a right on a ${spoken(node.objtype)}`);
  const [found] = OUT_OF_SIGHT.exec(sql) ?? [];
  if (found) refuse(`"${found.replace(/\s+/g, " ")}"`);
}

function spoken(objtype: string): string {
  return objtype
    .replace(/^OBJECT_|_ACL$/g, "")
    .toLowerCase()
    .replaceAll("_", " ");
}
