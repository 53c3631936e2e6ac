import { writeFileSync } from "node:fs";
import path from "node:path";
import { RATIFIED, type TestDatabase } from "./database/database";
import { program, type PsqlResult } from "./database/psql";
import { withFolder } from "./folder";

/** How a command that only looks is asked. */
export interface Asked {
  args?: readonly string[];
  /** Further lines of the stack's file. */
  more?: string;
  env?: NodeJS.ProcessEnv;
  user?: string;
}

/** Runs such a command on a database that the file of the stack `dev` names. */
export function monitor(
  command: "gate" | "status" | "verify",
  db: TestDatabase,
  { args = [], more = "", env = {}, user = "postgres" }: Asked = {},
): Promise<PsqlResult> {
  return withFolder((folder) => {
    const file = path.join(folder, "Pulumi.test.yaml");
    writeFileSync(file, `config:\n  one-roof:database: ${db.name}\n${more}`);
    return program(process.execPath, [path.resolve("cli/main.js"), command, "--config-file", file, ...args], {
      DATABASE_URL: db.url.replace("//postgres@", `//${user}@`),
      PULUMI_STACK: "dev",
      PULUMI_OPTION_CONFIG_FILE: "",
      RATIFIED_APR: RATIFIED,
      ...env,
    });
  });
}
