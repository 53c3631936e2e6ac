/** A third release changes what the second one had changed, and a table in which the first one has rows. */
import { FIRST, revised, SECOND, THIRD } from "../support/pulumi/harbour";
import { Harbour } from "../support/states/harbour";

let harbour: Harbour;

beforeAll(async () => {
  harbour = await Harbour.build();
});

describe("a third release", () => {
  const third = revised(...THIRD);

  test("rolls out whole from the baseline, the verification last wherever it is listed", async () => {
    const { run: verdict } = await harbour.plan(third);
    expect(verdict).toMatchObject({ verdict: "PASS", applies: [10, 20, 30, 40, 90], reversible: [10, 20, 30, 40] });
  });

  test("changes a table in which an earlier tier has rows, and what the second release had changed", async () => {
    await harbour.done("up", FIRST);
    await harbour.done("up", SECOND);
    await harbour.done("up", third);
    expect((await harbour.drift(third)).flat()).toEqual([]);
    expect(harbour.held()).toEqual([10, 20, 30, 40, 90]);
    await harbour.done("refresh", third);
    await harbour.done("up", third);
    expect(harbour.held()).toEqual([10, 20, 30, 40, 90]);
  });

  test("what has drifted since in the column that it brought is told of the rows that have it", async () => {
    await harbour.db.query("UPDATE harbour.tariff SET since = '1614-01-01' WHERE class = 'long'");
    expect(await harbour.drift(third)).toEqual([
      [],
      [expect.stringMatching(/row class=long: since was 1613-01-01, is 1614-01-01/)],
      [],
      [],
      [],
    ]);
    await harbour.db.query("UPDATE harbour.tariff SET since = '1613-01-01' WHERE class = 'long'");
  });

  test("a state that was lost is taken over tier by tier", async () => {
    const rolloutId = harbour.state[0].rolloutId;
    harbour.state = [];
    await harbour.done("up", third, undefined, { adopt: rolloutId });
    expect(harbour.held()).toEqual([10, 20, 30, 40, 90]);
  });

  test("drift in an earlier tier's rows blocks the way back before anything is changed", async () => {
    await harbour.db.query("UPDATE harbour.tariff SET price = 9 WHERE class = 'long'");
    expect(await harbour.refused("destroy", third)).toMatch(/Tier 20 .*cannot be rolled back[^]*price was 4, is 9/);
    await harbour.db.query("UPDATE harbour.tariff SET price = 4.00 WHERE class = 'long'");
  });

  test("is taken back to the baseline, by plain destroy too", async () => {
    await harbour.done("plain destroy", third);
    expect(await harbour.changes()).toEqual([]);
  });
});
