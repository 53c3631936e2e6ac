import { stopsOf } from "../../provider/model/findings";
import type { TierReport } from "../../provider/model/report";
import type { LedgerStatus } from "../../provider/plan/pending";
import { judgeRun } from "../../provider/plan/verdict";
import { acceptance } from "../../provider/ledger/acceptance";
import { report, ROLLOUT } from "./fixtures";

const IDENTITY = { release: "f00d", pinned: "", differing: [] };
const REQUEST = { acceptUnrehearsed: "" } as Parameters<typeof judgeRun>[3];

/** Of a tier only its declaration is looked at. */
const scripts = (...tiers: number[]) =>
  ROLLOUT.tiers
    .filter(({ tier }) => tiers.includes(tier))
    .map((declaration) => ({ declaration })) as unknown as LedgerStatus["pending"];

/** The verdict on a run with all three tiers pending, unless told otherwise. */
function judge(
  status: Partial<LedgerStatus>,
  reports: TierReport[],
  access: Parameters<typeof judgeRun>[1]["access"] = [],
) {
  const all: LedgerStatus = {
    pending: scripts(0, 1, 3),
    toRollBack: [],
    ledger: new Map(),
    adopted: [],
    drift: new Map(),
  };
  return judgeRun({ ...all, ...status }, { rollout: ROLLOUT, reports, access }, IDENTITY, REQUEST);
}

const passed = [0, 1, 3].map((tier) => report({ tier }));

test("a run passes if each of its tiers did", () => {
  expect(judge({}, passed)).toMatchObject({ verdict: "PASS", applies: [0, 1, 3], reversible: [0, 1, 3], stops: [] });
});

test("a tier of which nothing is reported was not rehearsed", () => {
  expect(judge({}, passed.slice(0, 2)).verdict).toBe("NOT REHEARSED");
  expect(judge({ pending: scripts(0), adopted: scripts(1) }, passed.slice(0, 1)).verdict).toBe("NOT REHEARSED");
});

test("one tier that stopped stops the run, and one that was not rehearsed is none that passed", () => {
  const stops = stopsOf("failure", 3, [{ is: "failure", message: "no" }]);
  expect(judge({}, [...passed.slice(0, 2), report({ tier: 3, verdict: "STOP", stops })])).toMatchObject({
    verdict: "STOP",
    stops,
  });
  expect(judge({}, [...passed.slice(0, 2), report({ tier: 3, verdict: "NOT REHEARSED" })]).verdict).toBe(
    "NOT REHEARSED",
  );
});

test("what access refuses stops a run that passed", () => {
  expect(judge({}, passed, stopsOf("access", 1, [{ is: "no roles" }]))).toMatchObject({
    verdict: "STOP",
    stops: [{ kind: "access" }],
  });
});

describe("drift", () => {
  const drift = new Map([[1, ["a row changed"]]]);

  afterEach(() => delete process.env.ROLLOUT_ACCEPT);

  test("stops a run upwards until exactly it is accepted", () => {
    const run = () => judge({ pending: scripts(3), drift }, [report({ tier: 3 })]);
    expect(run()).toMatchObject({ verdict: "STOP", stops: [{ kind: "drift", tier: 1 }] });
    process.env.ROLLOUT_ACCEPT = acceptance(1, ["another row changed"]);
    expect(run().verdict).toBe("STOP");
    process.env.ROLLOUT_ACCEPT = acceptance(1, ["a row changed"]);
    expect(run().verdict).toBe("PASS");
  });

  test("stops no run downwards: each rollback judges its own", () => {
    const toRollBack = [{ scripts: scripts(3)[0], recorded: {} }] as unknown as LedgerStatus["toRollBack"];
    expect(judge({ pending: [], toRollBack, drift }, [])).toMatchObject({ verdict: "PASS", removes: [3], applies: [] });
  });
});

test("a tier that is only verified again stops nothing", () => {
  const ledger = new Map([[1, {}]]) as unknown as LedgerStatus["ledger"];
  const closing = report({ tier: 0, verdict: "STOP" });
  expect(judge({ pending: scripts(0), ledger }, [closing])).toMatchObject({ verdict: "PASS", applies: [] });
});

test("what is true of every tier is said once", () => {
  const moved = { is: "invariant", name: "letters", measured: { before: 1, after: 2 } } as const;
  const both = [1, 3].map((tier) => report({ tier, verdict: "STOP", stops: stopsOf("invariant", tier, [moved]) }));
  expect(judge({}, [report({ tier: 0 }), ...both]).stops).toEqual(stopsOf("invariant", 1, [moved]));
});
