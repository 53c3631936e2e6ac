import { whatNext } from "../../cli/pulumi/standing";

test.each([
  ["up", true, "Run the same command again: npm run up."],
  [
    "up",
    false,
    "Run the same command again: npm run up. It goes on from there. To take back what stands: npm run destroy.",
  ],
  ["destroy", true, "Run the same command again: npm run destroy."],
  [
    "destroy",
    false,
    "Run the same command again: npm run destroy. It goes on from there. To apply again what is gone: npm run up.",
  ],
  ["preview", true, "Run the same command again: npm run preview."],
  ["refresh", true, "Run the same command again: npm run refresh. It changes nothing in the database."],
])("an interrupted %s, after which nothing stands: %s", (operation, isNothing, next) => {
  expect(whatNext(operation, isNothing)).toBe(next);
});
