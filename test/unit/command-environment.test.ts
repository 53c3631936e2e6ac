import { readCommandLine } from "../../cli/pulumi/command-line";
import { commandEnvironment } from "../../cli/pulumi/environment";

const surroundings = process.env;
const BACKEND = "s3://bucket";
const DATABASE_URL = "postgres://me@127.0.0.1:1/x";

afterEach(() => {
  process.env = surroundings;
});

/** The passphrase with which Pulumi is run; undefined where it is left to ask for one. */
async function passphrase(stack: string, env: NodeJS.ProcessEnv): Promise<unknown> {
  process.env = { HOME: surroundings.HOME, ONE_ROOF_HOME: surroundings.ONE_ROOF_HOME, DATABASE_URL, ...env };
  const { PULUMI_CONFIG_PASSPHRASE: text, PULUMI_CONFIG_PASSPHRASE_FILE: file } = await commandEnvironment(
    readCommandLine(["config", `-s${stack}`]),
  );
  return text ?? file;
}

test("a stack that others need gets no passphrase but its own", async () => {
  for (const stack of ["prod", "clone", "acme/one-roof/prod"]) {
    expect(await passphrase(stack, { PULUMI_BACKEND_URL: BACKEND })).toBeUndefined();
    expect(await passphrase(stack, { PULUMI_BACKEND_URL: BACKEND, PULUMI_CONFIG_PASSPHRASE: "own" })).toBe("own");
    expect(await passphrase(stack, { PULUMI_BACKEND_URL: BACKEND, PULUMI_CONFIG_PASSPHRASE_FILE: "f" })).toBe("f");
  }
});

test("the developer's has an empty one, but in a backend of the caller's own the caller's", async () => {
  expect(await passphrase("dev", { PULUMI_CONFIG_PASSPHRASE: "of another project" })).toBe("");
  expect(await passphrase("dev", { PULUMI_CONFIG_PASSPHRASE_FILE: "of another project" })).toBe("");
  expect(await passphrase("dev", { PULUMI_BACKEND_URL: BACKEND })).toBe("");
  expect(await passphrase("dev", { PULUMI_BACKEND_URL: BACKEND, PULUMI_CONFIG_PASSPHRASE: "own" })).toBe("own");
});
