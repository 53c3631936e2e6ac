import { chmodSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { projectKey } from "../../cli/project";
import { withDatabase } from "../support/database/database";
import { program } from "../support/database/psql";
import { temporaryFolder } from "../support/folder";

/** What our commands write is for nobody else to read: the state folder, the backend with its backups and history. */

jest.setTimeout(240_000);

const OPEN_UMASK = ["-c", 'umask 000; exec "$@"', "sh", process.execPath, "cli/main.js"];

test("of a rollout on the stack dev, by a caller whose umask is open, in a state folder that was open", async () => {
  await withDatabase("signed", async (db) => {
    const home = temporaryFolder();
    const state = path.join(home, projectKey);
    mkdirSync(state);
    chmodSync(state, 0o755);
    const environment = { ONE_ROOF_HOME: home, DATABASE_URL: db.url, PULUMI_STACK: "dev", PULUMI_BACKEND_URL: "" };
    const { code, stdout, stderr } = await program("sh", [...OPEN_UMASK, "refresh", "--yes"], environment);
    expect([code, stdout + stderr]).toEqual([0, expect.stringContaining("Created stack 'dev'")]);
    const entries = readdirSync(state, { recursive: true, withFileTypes: true });
    const names = [state, ...entries.map(({ parentPath, name }) => path.join(parentPath, name))];
    expect(names.filter((name) => name.endsWith("dev.json"))).not.toEqual([]);
    const inside = path.join(state, "tmp");
    // Below a folder that nobody else can enter a cache may be as it likes.
    const open = names.filter((name) => !name.startsWith(`${inside}/`) && lstatSync(name).mode & 0o077);
    expect(open).toEqual([]);
  });
});
