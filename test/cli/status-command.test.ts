import { EXIT } from "../../cli/exit-codes";
import { catalogAndRows, differences } from "../support/database/compare";
import { type State, withDatabase } from "../support/database/database";
import { withPassword } from "../support/database/password";
import { databaseWithRoles } from "../support/database/roles";
import { NO_APPROVAL } from "../support/faults/faults";
import { monitor } from "../support/monitor";
import { status } from "../support/status";
import { programOn } from "../support/pulumi/program";

describe("where nothing was rolled out", () => {
  test("it could start, and what to run is said; nothing is changed", () =>
    withDatabase("signed", async (db) => {
      const before = await catalogAndRows(db.url);
      const { code, part } = await status(db);
      expect(code).toBe(EXIT.done);
      expect(part("Target")).toMatch(new RegExp(`^${db.name} on 127\\.0\\.0\\.1:\\d+ as postgres, cluster \\d+$`));
      expect(part("Release")).toMatch(/^[0-9a-f]{12} is here, stack dev pins none$/);
      expect([part("Stands"), part("Start"), part("Drift"), part("Back")]).toEqual([
        "nothing",
        "could start now",
        "",
        "",
      ]);
      expect(part("Next")).toBe("npm run preview, then npm run up");
      expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
    }));

  test("what refuses is listed, the rest counted", () =>
    withDatabase("signed", async (db) => {
      await db.query(NO_APPROVAL);
      const { code, part } = await status(db);
      expect([code, part("Start")]).toEqual([
        EXIT.refused,
        "REFUSED now, by 2:\nospa: expected >= 1, measured 0\nospa_valid: expected = approved, measured no approval",
      ]);
      expect(part("Next")).toMatch(/^put right what refuses/);
    }));

  test("of many refusals the screen holds some", () =>
    withDatabase("empty", async (db) => {
      const { code, part } = await status(db);
      expect([code, part("Start")]).toEqual([
        EXIT.refused,
        expect.stringMatching(/^REFUSED now, by 1\d:\n(.*measured.*\n){2}and \d+ more: npm run gate -- --json$/),
      ]);
    }));
});

describe("under a ledger", () => {
  test("a part shows what stands, and what the configuration wants next", () =>
    withDatabase("signed", async (db) => {
      await programOn(db).up(3);
      const { code, text, part } = await status(db);
      expect(code).toBe(EXIT.done);
      expect(part("Stands")).toMatch(/^PARTLY ROLLED OUT, tiers 1, 2, 3: rollout [0-9a-f-]{36}$/);
      expect(text).toMatch(
        /^3 Ownership seed {8}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}postgres {9}digest [0-9a-f]{12}, as here$/m,
      );
      expect(text).toMatch(/^4 Containment {11}-$/m);
      expect([part("Start"), part("Back")]).toEqual(["tier 4 could start now", "could go back now"]);
      expect(part("Next")).toBe("npm run up goes on with tier 4; take it back: npm run destroy");
      const stays = await status(db, { more: `  one-roof:throughTier: "3"\n` });
      expect(stays.part("Next")).toMatch(
        /^it stands as throughTier 3 says; .*\ngo on: .* config set throughTier 8; npm run up$/,
      );
      const falls = await status(db, { more: `  one-roof:throughTier: "1"\n` });
      expect(falls.part("Next")).toMatch(/^npm run up rolls back what is above tier 1, as throughTier says; /);
    }));
});

describe("by psql", () => {
  test.each<[State, RegExp, RegExp]>([
    [
      "tier-3",
      /^PARTLY ROLLED OUT, tiers 1, 2, 3: by psql, without a ledger$/,
      /^go on: psql .* sql\/prod\/40_containment\.sql\n/,
    ],
    [
      "tier-6",
      /^ROLLED OUT, tiers 1, 2, 3, 4, 5, 6: by psql, without a ledger$/,
      /^npm run verify; hand it to Pulumi: .* adopt psql/,
    ],
  ])("%s", (state, stands, next) =>
    withDatabase(state, async (db) => {
      const { code, text, part } = await status(db);
      expect(code).toBe(state === "tier-6" ? EXIT.done : EXIT.refused);
      expect(part("Stands")).toMatch(stands);
      expect(part("Next")).toMatch(next);
      expect(text).toMatch(/^1 Structure {13}stands, no row$/m);
    }),
  );

  test("taken over it is in the ledger, and its way back was not rehearsed", () =>
    withDatabase("tier-6", async (db) => {
      await programOn(db, { adopt: "psql" }).up();
      const { code, part } = await status(db);
      expect([code, part("Back")]).toEqual([EXIT.done, "could go back now"]);
      const { text } = await status(db, { args: ["--tier", "5"] });
      expect(text).toMatch(/^rollback {2}not rehearsed before it was applied$/m);
      expect(text).toMatch(/^locks {5}no strong lock/m);
    }));
});

test("where roles take part the approval in force is told, and the release that each tier was applied with", async () => {
  const db = await databaseWithRoles();
  expect((await status(db)).part("Approval")).toBe("none is in force");
  await db.query("SELECT one_roof_access.approve($1, 'APR-0211', '1 hour')", ["d".repeat(64)]);
  const { code, part } = await status(db, { user: "one_roof_monitor" });
  expect(part("Approval")).toMatch(/^release d{12} under APR-0211, by postgres, until \d{4}-/);
  expect([code, part("Start")]).toEqual([EXIT.refused, expect.stringMatching(/\napproval: the one in force is of /)]);
});

describe("a database that cannot be asked", () => {
  const asked = (DATABASE_URL: string) => ({ env: { DATABASE_URL } });

  test("is out of reach, in one line", () =>
    withDatabase("signed", (db) =>
      withPassword(db, "status_secret", async () => {
        for (const [url, message] of [
          ["postgres://postgres@127.0.0.1:1/directus", /nothing listens there/],
          [db.url.replace(db.name, "nowhere"), /no database of that name/],
          [db.url.replace("//postgres@", "//status_secret:mistyped@"), /password was refused/],
        ] as const) {
          const { code, stdout, stderr } = await monitor("status", db, asked(url));
          expect([code, stdout]).toEqual([EXIT.unreachable, ""]);
          expect(stderr).toMatch(/^[^\n]+\n$/);
          expect(stderr).toMatch(message);
          expect(stderr).not.toContain("mistyped");
        }
      }),
    ));

  test.each([
    [{ args: ["--tier", "7"] }, /^--tier: expected one of 0, 1, 2, 3, 4, 5, 6, 8, found "7"\.\nUsage: npm run status/],
    [{ args: ["--quiet"] }, /^Unknown option '--quiet'.*\nUsage: npm run status/],
    [{ more: "  one-roof:throughTier: 7\n" }, /throughTier: expected one of the tiers/],
    [{ env: { DATABASE_URL: "garbage" } }, /DATABASE_URL is not the URL/],
  ])("%j is bad configuration", (given, message) =>
    withDatabase("empty", async (db) => {
      const { code, stdout, stderr } = await monitor("status", db, given);
      expect([code, stdout]).toEqual([EXIT.configuration, ""]);
      expect(stderr).toMatch(message);
    }),
  );
});
