/** What stands once for the provider and once for psql says the same. */
import { readFileSync } from "node:fs";
import { writes } from "../../provider/model/rollout";
import { rollout } from "../../tiers";

/** What a file declares in one_roof.delta, by table. */
function declaredIn(file: string): Record<string, string> {
  const [, lines = ""] = /SET LOCAL one_roof\.delta = \$\$\n([^]*?)\$\$;/.exec(readFileSync(file, "utf8")) ?? [];
  const words = lines.split("\n").flatMap((line) => /^ *(\w+) +(\S+)$/.exec(line)?.slice(1, 3) ?? []);
  return Object.fromEntries(words.flatMap((word, index) => (index % 2 ? [[`public.${words[index - 1]}`, word]] : [])));
}

const TIERS = rollout.tiers.filter(writes).map((declaration) => [declaration.tier, declaration] as const);

test.each(TIERS)("of tier %i rows are declared alike for the provider and for psql", (_, { apply, delta }) => {
  const declared = Object.entries(delta.rows).map(([table, { inserted }]) => [
    table,
    typeof inserted === "number" ? `+${inserted}` : `+${inserted.from}..${inserted.to}`,
  ]);
  expect(declaredIn(apply)).toEqual(Object.fromEntries(declared));
});

// What goes with the structure is dropped; beside it that rollback takes back the one seed in a table of the application.
test.each(TIERS.slice(1))("of tier %i the rollback takes back what the tier writes, and no more", (_, tier) => {
  const declared = Object.keys(tier.delta.rows).map((table) => [table, "-own"]);
  expect(declaredIn(tier.rollback ?? "")).toEqual(Object.fromEntries(declared));
});

test("the lock by which rollouts exclude each other", () => {
  const key = rollout.lock.join(", ");
  for (const file of ["sql/common/lock.sql", "sql/common/unlock.sql"]) {
    const keys = [...readFileSync(file, "utf8").matchAll(/advisory_\w*lock\(([^)]*)\)/g)].map(([, found]) => found);
    expect([file, new Set(keys)]).toEqual([file, new Set([key])]);
  }
});
