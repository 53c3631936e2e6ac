// `npm run gate`: asks the database itself whether the rollout could start. Exit code 0 = READY, 10 = BLOCKED, 1 = error.
import path from "node:path";
import { runInForeground } from "./process";
import { projectFolder } from "./state";
import { libpqEnvironment, targetEnvironment } from "./target";

export async function runGate(args: string[]): Promise<number> {
  const target = { ...process.env, ...(await targetEnvironment()) };
  const env = { ...target, ...(target.DATABASE_URL ? libpqEnvironment(target.DATABASE_URL) : {}) };
  return runInForeground(path.join(projectFolder, "sql", "gate_monitor", "gate_check.sh"), args, env);
}
