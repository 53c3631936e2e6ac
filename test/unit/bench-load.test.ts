import { members } from "../../bench/load/directus/members";
import { longWaits, percentile } from "../../bench/load/figures";
import { blameOf, type Request } from "../../bench/load/request";
import { findBlame, type Wait } from "../../bench/load/watch";

const numbers = (last: number) => Array.from({ length: last }, (_, index) => last - index);

const request = (took: number, more: Partial<Request> = {}): Request => ({
  kind: "writer",
  table: "governance_registry",
  began: 0,
  sent: 0,
  ended: took,
  ...more,
});

const wait = (pid: number, holder: number, name: string, table: string | null = null): Wait => ({
  pid,
  query: "",
  holder,
  name,
  table,
});

const OURS = { whom: "one-roof rollout", table: "governance_registry", ours: true };

test.each([
  [0.5, 50],
  [0.99, 99],
  [1, 100],
  [0.001, 1],
])("the percentile %p of 1 to 100 is %p", (share, expected) => {
  expect(percentile(numbers(100), share)).toBe(expected);
});

test("one request in two hundred does not move the p99, three do", () => {
  const calm = Array.from({ length: 200 }, () => 1);
  expect(percentile([...calm.slice(1), 1000], 0.99)).toBe(1);
  expect(percentile([...calm.slice(3), 1000, 1000, 1000], 0.99)).toBe(1000);
});

describe("whom a session waits for", () => {
  test("is nobody where it does not wait", () => {
    expect(findBlame(1, [wait(2, 3, "pg_dump")])).toBeUndefined();
  });

  test("is the rollout behind another session of the application", () => {
    const waits = [wait(1, 2, "bench application"), wait(2, 3, "one-roof rollout", "governance_registry")];
    expect(findBlame(1, waits)).toEqual({ whom: "one-roof rollout", table: undefined, ours: true });
  });

  test("is the rollout that waits for others itself, because without it nobody would queue", () => {
    const waits = [wait(1, 2, "one-roof rollout", "governance_registry"), wait(2, 3, "pg_dump", "governance_registry")];
    expect(findBlame(1, waits)).toEqual(OURS);
  });

  test("is who waits for nobody, where the rollout does not stand in between", () => {
    const waits = [wait(1, 2, "bench application", "taxonomy"), wait(2, 3, "autovacuum worker", "taxonomy")];
    expect(findBlame(1, waits)).toEqual({ whom: "autovacuum worker", table: "taxonomy", ours: false });
  });

  test("is found in a circle too", () => {
    const waits = [wait(1, 2, "bench application"), wait(2, 1, "bench application")];
    expect(findBlame(1, waits)).toMatchObject({ whom: "bench application", ours: false });
  });
});

test("who stands in the queue behind a request that waited has waited for the same", () => {
  const first = request(900, { blame: OURS });
  const second = request(800, { behind: first });
  expect(blameOf(request(700, { behind: second }))).toBe(OURS);
});

test("long waits are told by what was in the way, the worst first, and what is merely slow as one", () => {
  const result = { code: 0, output: "" };
  const during = [
    request(300, { blame: OURS }),
    request(500, { blame: OURS }),
    request(400, { table: "taxonomy" }),
    request(450, { table: "label_rules", kind: "reader" }),
    request(200, { blame: OURS }),
  ];
  expect(
    longWaits([{ command: "up", during, elsewhere: [request(900)], without: [request(900)], took: 1, result }], 200),
  ).toEqual([
    {
      command: "up",
      what: "writer of governance_registry",
      lock: "governance_registry",
      whom: "one-roof rollout",
      ours: true,
      requests: 2,
      worst: 500,
    },
    { command: "up", what: "request", lock: undefined, whom: undefined, ours: false, requests: 2, worst: 450 },
  ]);
});

test.each([
  ['update "taxonomy" set "description" = $1 where "id" in ($2)', ["writer"]],
  ['select "taxonomy"."id" from "taxonomy" limit $1', ["writer", "reader"]],
  ['insert into "directus_activity" ("action") values ($1)', []],
])("whose a session of Directus may be, its statement tells: %s", (query, kinds) => {
  const nobody = () => Promise.resolve(undefined);
  const places = members({ ask: nobody, stop: nobody }).filter((place) => place.servedBy({ pid: 1, query }));
  expect(places.map(({ kind }) => kind)).toEqual(kinds);
  expect(new Set(places.map(({ table }) => table)).size).toBe(kinds.length ? 1 : 0);
});
