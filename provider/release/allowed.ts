import { RolloutError } from "../model/errors";

/**
 * Statements that a tier or its rollback may use: what writes rows, what defines objects of a schema, and what they
 * need. All of their effects are rolled back with the transaction and seen by its snapshots, so that the delta contract
 * can judge them. Files, programs, settings of the server and other sessions are out of its sight, roles and databases are
 * nobody's business here, and whatever is not listed is refused when the file is read.
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

/** Functions that act outside of the transaction, where neither a rollback nor a snapshot comes. */
const BEYOND =
  "setval|pg_notify|lo_import|lo_export|dblink\\w*|pg_(?:terminate|cancel)_backend|pg_reload_conf|pg_rotate_logfile\\w*|" +
  "pg_read_(?:binary_)?file|pg_ls_\\w+|pg_stat_file|pg_file_\\w+|pg_stat_reset\\w*|pg_promote|pg_switch_wal|pg_wal_replay_\\w+|" +
  "pg_backup_\\w+|pg_create_restore_point|pg_log_backend_\\w+|pg_logical_emit_message|pg_replication_\\w+|" +
  "pg_(?:create|drop|copy)_\\w+_slot|pg_logical_slot_\\w+";
const BEYOND_NAME = new RegExp(`^(?:${BEYOND})$`);

/**
 * The same as the body of a function or a DO block would say it, which is a string to the parser. It can build its text
 * when it runs, so this only tells an honest author early: what can be measured is, at the exit, and the rest takes
 * rights that the executor of a rollout does not have.
 */
const BEYOND_TEXT = new RegExp(
  `\\bCOPY\\s+(?:\\([^]*?\\)|\\S+)\\s+(?:TO|FROM)\\b|\\b(?:TO|FROM)\\s+PROGRAM\\b|\\bNOTIFY\\s+\\w|` +
    `\\bLANGUAGE\\s+'?(?:c|internal|\\w+u)\\b|\\b(?:${BEYOND})"?\\s*\\(`,
  "i",
);

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
  const called = calledFunctions(stmt).find((name) => BEYOND_NAME.test(name));
  if (called) refuse(`"${called}("`);
  const [found] = BEYOND_TEXT.exec(sql) ?? [];
  if (found) refuse(`"${found.replace(/\s+/g, " ")}"`);
}

/** The names of all functions that a statement calls, however they are quoted. */
function calledFunctions(node: unknown): string[] {
  if (node === null || typeof node !== "object") return [];
  const { funcname } = node as { funcname?: { String?: { sval?: string } }[] };
  const own = Array.isArray(funcname) ? [funcname.at(-1)?.String?.sval ?? ""] : [];
  return [...own, ...Object.values(node).flatMap(calledFunctions)];
}

function spoken(objtype: string): string {
  return objtype
    .replace(/^OBJECT_|_ACL$/g, "")
    .toLowerCase()
    .replaceAll("_", " ");
}
