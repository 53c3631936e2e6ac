import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

const ROOT = path.resolve(__dirname, "../..");
const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "access/README.md",
  "docs/architecture.md",
  "docs/for-the-owner.md",
  "docs/runbook.md",
  "docs/specification.md",
  "examples/harbour/README.md",
  "tools/engine/README.md",
];

/** A page without what is only an example of text. */
function prose(page: string): string {
  return readFileSync(path.join(ROOT, page), "utf8").replace(/^ *```.*?^ *```/gms, "");
}

/** Names by which a page's headings are linked to, as GitHub makes them. */
function anchors(page: string): Set<string> {
  const headings = [...prose(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

test.each(PAGES)("every link of %s leads somewhere", (page) => {
  const links = [...prose(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
  const dead = links.filter(([, file, anchor]) => {
    const target = file ? path.join(path.dirname(page), file) : page;
    return !existsSync(path.join(ROOT, target)) || (anchor && !anchors(target).has(anchor));
  });
  expect(dead.map(([link]) => link)).toEqual([]);
});

test.each(PAGES)("what %s has a command print into a file is printed without npm's own lines", (page) => {
  const text = readFileSync(path.join(ROOT, page), "utf8");
  expect(text.match(/npm run (?!-s )\S+ [^\n#`]*[^-\n#`]>\s*\S+\.\w+/g) ?? []).toEqual([]);
});
