import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { manifest } from "../../provider/release/manifest";
import { loadRelease, scriptsOf } from "../../provider/release/release";
import { sha256 } from "../../provider/release/digest";
import { temporaryFolder } from "../support/folder";
import { ROLLOUT } from "./fixtures";

const FILES = {
  "sql/probe.sql": "SELECT 'doors', 'x';\n",
  "sql/step-0.sql": "BEGIN; SELECT 0; COMMIT;\n",
  "sql/step-1.sql": "BEGIN;\nSELECT 1;\nCOMMIT;\n",
  "sql/step-3.sql": "BEGIN;\nSELECT 3;\nCOMMIT;\n",
  "sql/back-1.sql": "BEGIN;\nSELECT -1;\nCOMMIT;\n",
  "sql/back-3.sql": "BEGIN;\nSELECT -3;\nCOMMIT;\n",
  "sql/deep/er/größe.sql": "SELECT 'größer';\n",
  "tiers/index.ts": "export {};\n",
  "elsewhere/x.txt": "no part of a release\n",
};

let root: string;

const write = (file: string, text: string) => {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), text);
};

beforeEach(() => {
  root = temporaryFolder();
  for (const [file, text] of Object.entries(FILES)) write(file, text);
});

describe("the manifest", () => {
  test("holds every file of the release once, in order, and no other", async () => {
    const files = (await manifest(root))
      .trimEnd()
      .split("\n")
      .map((line) => line.slice(66));
    expect(files).toEqual(
      Object.keys(FILES)
        .filter((file) => /^(sql|tiers)\//.test(file))
        .sort(),
    );
  });

  test("is what sha256sum checks", async () => {
    write("MANIFEST", await manifest(root));
    const check = () => spawnSync("sha256sum", ["-c", "--quiet", "MANIFEST"], { cwd: root, encoding: "utf8" });
    expect(check()).toMatchObject({ status: 0, stdout: "" });
    write("sql/step-1.sql", "BEGIN; COMMIT;\n");
    expect(check()).toMatchObject({ status: 1, stdout: expect.stringContaining("sql/step-1.sql") });
  });

  test("is the same with other line ends, and another with any other change", async () => {
    const before = await manifest(root);
    write("sql/step-1.sql", FILES["sql/step-1.sql"].replaceAll("\n", "\r\n"));
    expect(await manifest(root)).toBe(before);
    for (const text of ["BEGIN;\nSELECT 1 ;\nCOMMIT;\n", "BEGIN;\nSELECT 1;\nCOMMIT;"]) {
      write("sql/step-1.sql", text);
      expect(await manifest(root)).not.toBe(before);
    }
    write("sql/step-1.sql", FILES["sql/step-1.sql"]);
    write("sql/new.sql", "");
    expect(await manifest(root)).not.toBe(before);
  });
});

describe("the digest of a tier", () => {
  const digests = async (parameters = { base: "main", code: "X" }) => {
    const { tiers } = await loadRelease({ root, rollout: ROLLOUT, parameters });
    return tiers.map(({ digest }) => digest);
  };

  test("changes with its SQL, its rollback and the parameters that it reads, and with nothing else", async () => {
    const before = await digests();
    expect(new Set(before).size).toBe(3);
    const changed = async (parameters?: { base: string; code: string }) =>
      (await digests(parameters)).map((digest, index) => digest !== before[index]);
    expect(await changed({ base: "main", code: "Y" })).toEqual([false, false, true]);
    expect(await changed({ base: "copy", code: "X" })).toEqual([false, true, true]);
    write("sql/back-1.sql", "BEGIN; COMMIT;\n");
    expect(await changed()).toEqual([false, true, false]);
    write("sql/step-3.sql", "BEGIN; COMMIT;\n");
    expect(await changed()).toEqual([false, true, true]);
  });

  test("is the same with other line ends", async () => {
    const before = await digests();
    write("sql/step-1.sql", FILES["sql/step-1.sql"].replaceAll("\n", "\r\n"));
    expect(await digests()).toEqual(before);
  });

  test("keeps apart what is applied and what rolls back", async () => {
    const [, before] = await digests();
    write("sql/step-1.sql", FILES["sql/back-1.sql"]);
    write("sql/back-1.sql", FILES["sql/step-1.sql"]);
    expect((await digests())[1]).not.toBe(before);
  });
});

test("a release holds the tiers asked for, with the scripts as recorded", async () => {
  const release = await loadRelease({ root, rollout: ROLLOUT, parameters: {} }, (tier) => [1].includes(tier));
  expect(release.tiers.map(({ declaration }) => declaration.tier)).toEqual([1]);
  expect(scriptsOf(release, 1).rollback?.digest).toBe(sha256(FILES["sql/back-1.sql"]));
  expect(release.probe).toBe("SELECT 'doors', 'x'");
  expect(() => scriptsOf(release, 3)).toThrow("Tier 3 was not loaded.");
});

test("a missing file is refused by its name", async () => {
  rmSync(path.join(root, "sql/back-3.sql"));
  await expect(loadRelease({ root, rollout: ROLLOUT, parameters: {} })).rejects.toThrow(
    /^Cannot read sql\/back-3\.sql/,
  );
});
