import { timeLocks } from "../../provider/execute/held-locks";
import type { TierDeclaration } from "../../provider/model/rollout";
import type { Statement } from "../../provider/release/script";

const DECLARATION = { delta: { locks: ["harbour.berth"] } } as unknown as TierDeclaration;
const LOCKED = [{ table: "harbour.berth", mode: "ShareRowExclusiveLock" }];
const statement = (sql: string) => ({ sql }) as Statement;
const LOCKING = statement("ALTER TABLE harbour.toll ADD FOREIGN KEY (berth) REFERENCES harbour.berth");

let now = 0;

/** Something that lasts so many milliseconds. */
const lasting = (milliseconds: number) => () => {
  now += milliseconds;
  return Promise.resolve();
};

beforeEach(() => {
  now = 0;
  jest.spyOn(performance, "now").mockImplementation(() => now);
});

afterEach(() => {
  jest.restoreAllMocks();
});

test("a lock is held from the first statement that names its table", async () => {
  const times = timeLocks(DECLARATION);
  await times.around(statement("SELECT 1"), lasting(7));
  await times.around(LOCKING, lasting(20));
  await times.around(statement("SELECT 1"), lasting(5));
  await times.around(LOCKING, lasting(10));
  expect(times.held(LOCKED)).toEqual([{ ...LOCKED[0], milliseconds: 35 }]);
});

test("of a lock that was given back the longest stretch counts", async () => {
  const times = timeLocks(DECLARATION);
  await times.around(LOCKING, lasting(20));
  times.released();
  await times.around(statement("SELECT 1"), lasting(500));
  await times.around(LOCKING, lasting(30));
  expect(times.held(LOCKED)).toEqual([{ ...LOCKED[0], milliseconds: 30 }]);
});

test("a statement that has failed has left no lock", async () => {
  const times = timeLocks(DECLARATION);
  await expect(times.around(LOCKING, () => Promise.reject(new Error("refused")))).rejects.toThrow("refused");
  await times.around(statement("SELECT 1"), lasting(500));
  await times.around(LOCKING, lasting(30));
  expect(times.held(LOCKED)).toEqual([{ ...LOCKED[0], milliseconds: 30 }]);
});
