import type { Recorded } from "../../../provider/ledger/drift";
import { readLedger } from "../../../provider/ledger/ledger";
import { type TierDeclaration, tierOf } from "../../../provider/model/rollout";
import type { TierState } from "../../../provider/model/tier-inputs";
import { type Snapshot, takeSnapshot } from "../../../provider/postgres/catalog-snapshot";
import type { Session } from "../../../provider/postgres/session";
import { rollout } from "../../../tiers";
import { database, type TestDatabase } from "../database/database";
import { meanwhile, providerSession } from "../database/session";
import { type Program, programOn } from "./program";

type Look<Seen> = (session: Session, tier: TierDeclaration, recorded: Recorded, now: Snapshot) => Promise<Seen>;

/** The whole rollout, applied to a database of its own. */
export interface Applied {
  db: TestDatabase;
  rolled: Program;
  state: (tier: number) => TierState;
  /** What `look` sees of a tier once `sql` has run, in a transaction that is rolled back. */
  lookAt: <Seen>(tier: number, sql: string, look: Look<Seen>) => Promise<Seen>;
}

export async function applied(): Promise<Applied> {
  const db = await database("signed");
  const rolled = programOn(db);
  const states = await rolled.up();
  const session = await providerSession(db.url);
  const ledger = await readLedger(session, rollout);
  return {
    db,
    rolled,
    state: (tier) => stateOf(states, tier),
    lookAt: (tier, sql, look) =>
      meanwhile(session, sql, async () => {
        const now = await takeSnapshot(session, rollout.ledgerSchema);
        return look(session, tierOf(rollout, tier), ledger.get(tier)!, now);
      }),
  };
}

export function stateOf(states: readonly TierState[], tier: number): TierState {
  return states.find((each) => each.tier === tier)!;
}
