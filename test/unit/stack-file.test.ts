import path from "node:path";
import { requireReadable } from "../../cli/pulumi/configuration";
import { temporaryFolder } from "../support/folder";

test("a stack's file that is not there is none yet, one that was named is a mistake", () => {
  const file = path.join(temporaryFolder(), "Pulumi.nowhere.yaml");
  expect(() => requireReadable(file)).not.toThrow();
  expect(() => requireReadable(file, true)).toThrow(
    /^Cannot read .*nowhere\.yaml: there is none\. .*Nothing was started\.$/,
  );
});
