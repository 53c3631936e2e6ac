import { inOrder } from "../../../provider/model/rollout";
import { rollout } from "../../../tiers";
import { rollbackFile, text, type Tier } from "../database/files";
import { APPLICATION, revised, SECOND } from "../pulumi/harbour";
import { Harbour } from "./harbour";
import type { Outline, Real } from "./model";
import { rollOut } from "./stages";
import { within } from "./worlds";

const AUDIT = "axis_code = 'responsibility' AND value_code = 'audit'";

export const ONE_ROOF: Outline = {
  rollout: inOrder(rollout),
  // Every tier asks, and the last one, which belongs to every end; the first one to every beginning.
  asks: (through, applied) => through > applied + 1 || applied === 0,
  signatures: "os_proposal_approvals",
  sql: {
    withdrawn: "DELETE FROM public.os_proposal_approvals",
    signed: text("sql/baseline/sign.sql"),
    drifted: `UPDATE public.axis_value SET status = 'deprecated' WHERE ${AUDIT}`,
    repaired: `UPDATE public.axis_value SET status = 'active' WHERE ${AUDIT}`,
  },
  byHand: (applied) => text(rollbackFile(applied as Tier)),
};

/** A rollout whose commands take less than half of the time, and whose very first tier writes. Its files for psql keep no ledger. */
export const HARBOUR: Outline = {
  rollout: inOrder(SECOND.rollout),
  asks: (_, applied) => applied === 0,
  signatures: "harbour.decree",
  sql: {
    withdrawn: "UPDATE harbour.decree SET signed = false WHERE code = '1612/4'",
    signed: "UPDATE harbour.decree SET signed = true WHERE code = '1612/4'",
    drifted: "UPDATE harbour.tariff SET price = 2 WHERE class = 'short'",
    repaired: "UPDATE harbour.tariff SET price = 1.50 WHERE class = 'short'",
  },
};

/** A harbour for the sequences of a test, and what puts it back to its beginning. */
export async function harbour(): Promise<{ real: Omit<Real, "state">; begin: () => Promise<void> }> {
  const setting = (await Harbour.build()).setting(SECOND);
  const { stages } = await rollOut(setting);
  const edited = revised({ file: "sql/20_tolls.sql", find: "DO $exit$", replace: "SELECT 1;\n\nDO $exit$" });
  const roots = { original: SECOND.root, edited: edited.root };
  return {
    real: { outline: HARBOUR, setting, roots, stages },
    begin: () =>
      within(setting.url, `DROP SCHEMA IF EXISTS harbour, ${SECOND.rollout.ledgerSchema} CASCADE; ${APPLICATION}`),
  };
}
