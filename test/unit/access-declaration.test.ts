/** What is declared follows from the rollout's own SQL and tiers. */
import { readFileSync } from "node:fs";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { declareAccess } from "../../access/declaration";
import { registerAccess } from "../../access/resources";
import { installSql } from "../../access/sql";
import type { Grant } from "../../provider";
import { rollout } from "../../tiers";
import { TABLES, UI_VIEWS, VIEWS } from "../support/database/objects";

const access = declareAccess();
const { names, grants } = access;

const may = (role: string, privilege: string, by?: Grant["by"]) =>
  grants
    .filter(
      (grant) =>
        grant.role === role && grant.kind === "table" && grant.by === by && grant.privileges.includes(privilege),
    )
    .map(({ object }) => object)
    .sort();

test("of the application the executor writes the one table that a tier seeds, and reads what readings read", () => {
  expect(may(names.executor, "INSERT")).toEqual(["public.governance_object_ownership"]);
  expect(may(names.executor, "DELETE")).toEqual(["public.governance_object_ownership"]);
  expect([...may(names.executor, "UPDATE"), ...may(names.executor, "TRUNCATE")]).toEqual([]);
  const demanded = /\('SELECT', '(\w+)'\)/g;
  const readings = readFileSync("sql/common/readings.sql", "utf8");
  for (const [, relation] of readings.matchAll(demanded)) {
    expect(may(names.executor, "SELECT")).toContain(`public.${relation}`);
  }
});

test("of what Tier 1 makes the executor writes the tables, and may empty those of the scans", () => {
  const ledger = "one_roof_rollout.ledger";
  const all = [...TABLES, ...VIEWS].map((name) => `public.${name}`);
  expect(may(names.executor, "SELECT", "rollout")).toEqual([...all, ledger].sort());
  expect(may(names.monitor, "SELECT", "rollout")).toEqual([...all, ledger].sort());
  expect(may(names.executor, "INSERT", "rollout")).toEqual([...TABLES.map((name) => `public.${name}`), ledger].sort());
  expect(may(names.executor, "UPDATE", "rollout")).toEqual(TABLES.map((name) => `public.${name}`).sort());
  expect(may(names.executor, "TRUNCATE", "rollout")).toEqual(
    ["axis_candidate_finding", "governance_drift_state", "governance_event_log", "governance_scan_run"].map(
      (name) => `public.${name}`,
    ),
  );
  expect(may(names.reader, "SELECT", "rollout")).toEqual(UI_VIEWS.map((name) => `public.${name}`).sort());
});

test("nobody writes where people approve, and only the owner creates", () => {
  expect(access.approvals).toEqual([
    "public.os_proposal_approvals",
    "public.approval_requests",
    "public.apr_approvals",
  ]);
  for (const { object, privileges } of grants) {
    if (access.approvals.includes(object)) expect(privileges).toEqual(["SELECT"]);
  }
  expect(
    grants.filter(({ privileges }) => privileges.includes("CREATE")).map(({ role, object }) => [role, object]),
  ).toEqual([[names.owner, "public"]]);
});

test("a role and an object stand in one row for each that gives them", () => {
  const keys = grants.map(({ role, kind, object, by }) => [role, kind, object, by].join(" "));
  expect(new Set(keys).size).toBe(keys.length);
});

test("the script names no password, and no role that the rollout does not", () => {
  const sql = installSql(access);
  expect(sql).not.toMatch(/\bPASSWORD\b/);
  const own = new Set<string>([...Object.values(names), rollout.ledgerSchema]);
  expect(Array.from(sql.matchAll(/\bone_roof_\w+/g), ([name]) => name).filter((name) => !own.has(name))).toEqual([]);
});

describe("as resources of the Pulumi plugin", () => {
  /** Inputs of any resource: each test knows which it looks at. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  type Inputs = Record<string, any>;
  interface Registered {
    readonly type: string;
    readonly name: string;
    readonly inputs: Inputs;
  }
  const registered: Registered[] = [];

  beforeAll(async () => {
    await pulumi.runtime.setMocks({
      newResource: ({ type, name, inputs }) => {
        registered.push({ type, name, inputs: inputs as Inputs });
        return { id: name, state: inputs as Inputs };
      },
      call: () => ({}),
    });
    registerAccess(access, { database: "directus", sequences: {} });
    await new Promise((resolve) => setTimeout(resolve, 0));
    await pulumi.runtime.disconnect();
  });

  const of = (type: string) => registered.filter((each) => each.type.endsWith(type)).map(({ inputs }) => inputs);

  const sorted = (rows: string[][]) =>
    rows
      .map((row) => row.join(" "))
      .sort()
      .map((row) => row.split(" "));

  test("every right that the project gives is one, and no other", () => {
    const kinds: Record<string, string> = { sequence: "sequences" };
    const told = of(":Grant").flatMap(({ role, objectType, schema, objects, privileges, database }) => {
      expect(database).toBe("directus");
      const names: string[] =
        objectType === "database"
          ? [""]
          : objectType === "schema"
            ? [schema]
            : objects.map((name: string) => `${schema}.${name}`);
      return names.map((object) => [role, kinds[objectType] ?? objectType, object, privileges.join()].join(" "));
    });
    const declared = grants
      .filter(({ by }) => by === undefined)
      .map(({ role, kind, object, privileges }) =>
        [
          role,
          kind,
          kind === "sequences" ? `${object}_id_seq` : object.replace(/\(.*/, ""),
          [...privileges].sort().join(),
        ].join(" "),
      );
    expect(told.sort()).toEqual(declared.sort());
  });

  test("roles, plain memberships, administered roles and schemas are as declared", () => {
    const attributes = (role: Inputs) =>
      [role.login && "LOGIN", role.inherit && "INHERIT", role.createRole && "CREATEROLE", role.superuser && "SUPERUSER"]
        .filter(Boolean)
        .sort();
    expect(sorted(of(":Role").map((role) => [role.name, ...attributes(role)]))).toEqual(
      sorted(access.roles.map((role) => [role.name, ...[...role.attributes].sort()])),
    );
    expect(sorted(of(":Role").flatMap(({ name, roles }) => roles.map((role: string) => [role, name])))).toEqual(
      sorted(access.memberships.filter(({ admin }) => !admin).map(({ role, member }) => [role, member])),
    );
    expect(sorted(of(":GrantRole").map(({ role, grantRole }) => [grantRole, role]))).toEqual(
      sorted(access.memberships.filter(({ admin }) => admin).map(({ role, member }) => [role, member])),
    );
    expect(of(":GrantRole").every(({ withAdminOption }) => withAdminOption)).toBe(true);
    expect(sorted(of(":Schema").map(({ name, owner }) => [name, owner]))).toEqual([
      ["one_roof_access", "one_roof_access"],
      ["one_roof_rollout", "one_roof_owner"],
    ]);
  });

  test("the login's membership in owner and executor is none", () => {
    const given = [
      ...of(":Role").flatMap(({ name, roles }) => roles.map((role: string) => `${role} to ${name}`)),
      ...of(":GrantRole").map(({ role, grantRole }) => `${grantRole} to ${role}`),
    ];
    expect(given.filter((each) => each.endsWith(` to ${names.login}`))).toEqual([]);
  });

  test("Pulumi finds this program in its folder, and not the rollout's above it", () => {
    const { main } = JSON.parse(readFileSync("access/package.json", "utf8")) as { main: string };
    expect(readFileSync(path.join("access", main), "utf8")).toContain("registerAccess(");
  });

  test("what the plugin cannot say is SQL, which refuses to go while a rollout stands", () => {
    const [approvals] = of(":Approvals");
    expect(approvals.sql).toContain("CREATE OR REPLACE FUNCTION one_roof_access.approve");
    expect(approvals.removal).toContain("A rollout stands here");
    expect(approvals.__provider).toBe(readFileSync(path.resolve("access/stored-provider.js"), "utf8"));
  });
});
