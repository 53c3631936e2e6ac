import { SECOND } from "../support/pulumi/harbour";
import { Harbour } from "../support/states/harbour";

/*
 * Plain `pulumi destroy` runs no program that would rehearse the way back: the first deletion does, before anything is gone.
 */

let harbour: Harbour;

beforeAll(async () => {
  harbour = await Harbour.build();
  await harbour.done("up", SECOND);
});

test("what stands in the way of the first tier is found before a later one is rolled back", async () => {
  await harbour.db.query("CREATE VIEW public.theirs AS SELECT class FROM harbour.tariff");
  const message = await harbour.refused("plain destroy", SECOND);
  expect(message).toMatch(/^Tier 10 \(Tariff\)[^]*view public\.theirs/);
});

test("without it everything is rolled back", async () => {
  await harbour.db.query("DROP VIEW public.theirs");
  await harbour.done("plain destroy", SECOND);
  expect(harbour.held()).toEqual([]);
  expect(await harbour.changes()).toEqual([]);
});
