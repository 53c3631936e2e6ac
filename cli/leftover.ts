// After a destroy: Pulumi deletes what its state holds. Where the state was lost, the database still holds the rollout, and nobody would say so.
import { readLedger } from "../provider/ledger";
import { connect } from "../provider/session";
import { rollout } from "../tiers";
import { Failure } from "./failure";

/** Options after which tiers are meant to stay. */
const PARTIAL = ["--target", "-t", "--exclude", "--preview-only", "--exclude-protected"];

/** Throws where the database still carries a rollout after a destroy that was to roll back all of it. */
export async function requireNothingLeft(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  if (args.some((arg) => PARTIAL.includes(arg.split("=")[0] ?? ""))) return;
  if (env.DATABASE_URL) process.env.DATABASE_URL = env.DATABASE_URL;
  const session = await connect({}, `${rollout.name} destroy`);
  try {
    const ledger = await readLedger(session, rollout);
    const [first] = ledger.values();
    if (!first) return;
    throw new Failure(
      `The database ${session.target.database} still carries tiers ${[...ledger.keys()].join(", ")} of rollout ${first.rolloutId}, ` +
        `which this stack's state does not hold. They were not rolled back.\nTake the rollout over first: ` +
        `npm run pulumi -- config set adopt ${first.rolloutId}; npm run up; npm run destroy`,
    );
  } finally {
    await session.close();
  }
}
