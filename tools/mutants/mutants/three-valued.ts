import type { Mutant } from "../mutant";

/** A condition that refuses whatever is not true lets NULL pass once it asks for false. */
function lenient(name: string, defect: string, where: Pick<Mutant, "file" | "find">, ...tests: string[]): Mutant {
  const { file, find } = where;
  return { name: `null-${name}`, defect, file, find: `${find} IS NOT TRUE`, replace: `${find} = false`, tests };
}

/** Each place where SQL says IS NOT TRUE because a value may be missing. */
export const threeValued: readonly Mutant[] = [
  lenient(
    "gate-passes",
    "a gate whose reading is NULL stops nothing under psql",
    { file: "sql/common/gates.sql", find: "string_to_array(wanted, ','))\n        END)" },
    "test/sql/gates-entry.test.ts -t an approval that cannot be read",
  ),
  lenient(
    "acceptance-accepts",
    "a loss is accepted where nobody has accepted anything",
    {
      file: "sql/common/gates.sql",
      find: "current_setting('one_roof.losses', true) = format('accepted %s', pg_backend_pid()))",
    },
    "test/sql/others-rows.test.ts -t rows of others are a stop",
  ),
  lenient(
    "monitor-ready",
    "the monitor says READY where a reading could not be taken",
    { file: "sql/gate_monitor/gate_check.sql", find: "        END" },
    "test/sql/gate-monitor.test.ts",
  ),
  lenient(
    "tag-is-ours",
    "a row without a tag counts as a tier's own, and goes with it",
    { file: "sql/common/readings.sql", find: "FROM public.%I AS t WHERE (%s)" },
    "test/sql/others-rows.test.ts",
  ),
  lenient(
    "executor-is-everybody",
    "where roles take no part anybody may hold any right on our objects",
    { file: "sql/common/readings.sql", find: "name LIKE 'governance\\_scan\\_run\\_%\\_seq'))" },
    "test/sql/definitions.test.ts -t privileges that nobody declared",
  ),
  lenient(
    "login-of-nobody",
    "what a rollout has left idle is not counted where the application's own table is gone",
    { file: "sql/common/readings.sql", find: "(login.is_applications" },
    "test/sql/idle-sessions.test.ts -t what idles under the rollout's own login",
  ),
  lenient(
    "holder-is-a-rollout",
    "a session whose role is gone is waited for as if it were a rollout",
    {
      file: "sql/common/lock.sql",
      find: "ELSE has_schema_privilege(role.oid, to_regnamespace('one_roof_rollout'), 'USAGE') END)",
    },
    "test/sql/lock.test.ts -t nor is a session whose role is gone",
  ),
  lenient(
    "ledger-of-all",
    "without roles anybody may have been given the right to write the ledger",
    { file: "provider/ledger/ledger-table.ts", find: 'WHERE e.rolname = $2 AND ${takePart("$3")}))' },
    "test/provider/ledger-traps.test.ts -t a ledger that is not the plain table",
  ),
  lenient(
    "rows-of-others-lost",
    "a row without a tag in a table that is dropped is nobody's loss",
    { file: "provider/ledger/rollback-blockers.ts", find: "WHERE (${ours(rollout, table)})" },
    "test/provider/rollback-blockers.test.ts -t what would be lost",
  ),
  lenient(
    "referrer-is-ours",
    "a row without a tag that refers to ours does not stop a rollback",
    { file: "provider/ledger/rollback-blockers.ts", find: "WHERE (${ours(rollout, referrer)})" },
    "test/provider/rollback-blockers.test.ts -t what others have built on ours",
  ),
  lenient(
    "release-approved",
    "an approval may name no release",
    { file: "access/approvals.ts", find: "(approve.release ~ '^[0-9a-f]{64}$')" },
    "test/provider/access-rights.test.ts -t an approval is refused",
  ),
  lenient(
    "request-approved",
    "an approval may name no request",
    { file: "access/approvals.ts", find: "(btrim(approve.request) <> '')" },
    "test/provider/access-rights.test.ts -t an approval is refused",
  ),
  lenient(
    "approved-for-ever",
    "an approval may have no end",
    {
      file: "access/approvals.ts",
      find: "(ends BETWEEN begins + interval '1 minute' AND begins + interval '168 hours')",
    },
    "test/provider/access-rights.test.ts -t an approval is refused",
  ),
];
