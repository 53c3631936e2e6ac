import { RATIFIED, withDatabase, type TestDatabase } from "../support/database/database";
import { GATE_CHECK, RUN_ALL, tierFile } from "../support/database/files";
import { program } from "../support/database/psql";
import { failedGates } from "../support/database/refusal";

const monitor = async (db: TestDatabase, url = db.url) =>
  (await program("bash", [GATE_CHECK, "-d", url], { RATIFIED_APR: RATIFIED })).stdout;

/** What is wrong, and the gate of Tier 0 that names it with what it found and a remedy. */
const WRONG: [what: string, fault: string, gate: string, found: RegExp, remedy: RegExp][] = [
  [
    "an orphan label",
    `UPDATE taxonomy SET status = 'deprecated' WHERE code = (SELECT min(label_code) FROM entity_labels WHERE label_code > 'LBL-2')`,
    "orphan_labels",
    /measured 1/,
    /taken off the entities/,
  ],
  [
    "a mapped label that is not active and not in use",
    `DELETE FROM entity_labels WHERE label_code = 'LBL-014'; UPDATE taxonomy SET status = 'deprecated' WHERE code = 'LBL-014'`,
    "mapped_labels_inactive",
    /measured 1/,
    /label activated again/,
  ],
  [
    "a missing agency",
    `UPDATE governance_responsibility_scope SET default_owner_hint = NULL; DELETE FROM governance_relations WHERE source_code = 'GOV-MOIT';
     DELETE FROM governance_registry WHERE code = 'GOV-MOIT'`,
    "agencies_missing",
    /measured GOV-MOIT/,
    /agency registered again/,
  ],
  [
    "a renamed column of a prerequisite view",
    "ALTER VIEW v_object_effective_owner RENAME COLUMN resolution TO resolved_by",
    "columns_missing",
    /measured v_object_effective_owner\.resolution/,
    /Restore the listed relations and columns/,
  ],
  [
    "a rule whose label is not in the taxonomy",
    `ALTER TABLE label_rules DROP CONSTRAINT label_rules_label_code_fkey; UPDATE label_rules SET label_code = 'LBL-999' WHERE condition ->> 'collection' = 'agents'`,
    "rule_labels_unknown",
    /measured agents to LBL-999/,
    /rule corrected/,
  ],
];

test.each(WRONG)("%s stops the chain before Tier 1, and blocks the monitor", async (_, fault, gate, found, remedy) => {
  await withDatabase("signed", async (db) => {
    await db.query(fault);
    const { code, stdout, stderr } = await db.file(RUN_ALL);
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toMatch(/Tier 0 \(preflight\) entry/);
    expect(failedGates(stderr)).toEqual([gate]);
    expect(stderr).toMatch(found);
    expect(stderr).toMatch(remedy);
    expect(await monitor(db)).toMatch(new RegExp(`^BLOCKED ${gate}: `));
    expect(await db.value("SELECT to_regclass('axis_registry')::text")).toBeNull();
  });
});

describe("a server or a login that may not write", () => {
  test("by the database's own setting", async () => {
    await withDatabase("signed", async (db) => {
      await db.query(`ALTER DATABASE ${db.name} SET default_transaction_read_only = on`);
      const { code, stderr } = await db.file(RUN_ALL);
      expect([code, failedGates(stderr)]).toEqual([3, ["server_writable"]]);
      // The monitor of psql chooses to read only, which hides what the database would say; Tier 0 does not.
    });
  });

  test("by the session's setting", async () => {
    await withDatabase("signed", async (db) => {
      const { code, stderr } = await db.file(tierFile(0), { default_transaction_read_only: "on" });
      expect([code, failedGates(stderr)]).toEqual([3, ["server_writable"]]);
    });
  });

  test.each([
    ["INSERT ON governance_object_ownership", "INSERT on governance_object_ownership"],
    ["DELETE ON governance_object_ownership", "DELETE on governance_object_ownership"],
    ["REFERENCES ON governance_registry", "REFERENCES on governance_registry"],
    ["SELECT ON entity_labels", "SELECT on entity_labels"],
    ["USAGE ON SEQUENCE governance_object_ownership_id_seq", "USAGE on governance_object_ownership_id_seq"],
    ["CREATE ON SCHEMA public", "CREATE on schema public"],
  ])("without %s", async (right, named) => {
    await withDatabase("signed", async (db) => {
      const login = `executor_of_${db.name}`;
      await db.query(`CREATE ROLE ${login} LOGIN; GRANT pg_read_all_stats TO ${login}; GRANT ALL ON SCHEMA public TO ${login};
        GRANT ALL ON ALL TABLES IN SCHEMA public TO ${login}; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${login}`);
      const url = db.url.replace("//postgres@", `//${login}@`);
      try {
        expect(await monitor(db, url)).toBe("READY\n");
        await db.query(`REVOKE ${right} FROM ${login}`);
        const settings = ["-v", "ON_ERROR_STOP=1", "-v", "ratified_apr=APR-0211", "-v", `database=${db.name}`];
        const { code, stderr } = await program("psql", ["-X", "-d", url, ...settings, "-f", RUN_ALL]);
        expect([code, stderr]).toEqual([
          3,
          expect.stringContaining(`missing_rights expected = none, measured ${named}`),
        ]);
        expect(await monitor(db, url)).toMatch(/missing_rights: missing_rights<>none;/);
      } finally {
        await db.query(`DROP OWNED BY ${login}; DROP ROLE ${login}`);
      }
    });
  });

  test.each([["v_object_effective_owner"], ["v_governance_object_inventory"], ["entity_labels"]])(
    "without SELECT on %s Tier 1 by itself names it, and does not blame its file",
    async (relation) => {
      await withDatabase("signed", async (db) => {
        const login = `structure_of_${db.name}`;
        await db.query(`CREATE ROLE ${login} LOGIN; GRANT pg_read_all_stats TO ${login}; GRANT ALL ON SCHEMA public TO ${login};
          GRANT ALL ON ALL TABLES IN SCHEMA public TO ${login}; REVOKE SELECT ON ${relation} FROM ${login}`);
        const url = db.url.replace("//postgres@", `//${login}@`);
        try {
          const settings = ["-v", "ON_ERROR_STOP=1", "-v", "ratified_apr=APR-0211", "-v", `database=${db.name}`];
          const { code, stderr } = await program("psql", ["-X", "-d", url, ...settings, "-f", tierFile(1)]);
          expect(code).toBe(3);
          expect(stderr).toContain(`structure_rows expected = 0, measured no SELECT on ${relation}`);
          expect(stderr).toContain("Where it names a right, have it granted");
        } finally {
          await db.query(`DROP OWNED BY ${login}; DROP ROLE ${login}`);
        }
      });
    },
  );
});
