import path from "node:path";
import { stepsOf } from "../../cli/commands/operation";
import { readCommandLine } from "../../cli/pulumi/command-line";
import { agreesToOther } from "../../cli/pulumi/consent";

const said: string[] = [];
let answer: string | undefined;

jest.mock("../../cli/process", () => ({ isTerminal: () => true }));
jest.mock("../../cli/console", () => ({
  say: (text: string) => said.push(text),
  tell: (text: string) => said.push(text),
  ask: (question: string) => {
    said.push(question);
    return Promise.resolve(answer);
  },
}));

const env = { DATABASE_URL: "postgres://anna:secret@db.example/directus?sslmode=verify-full" };

describe("before and after a person has said yes", () => {
  const steps = (name: string, args: string[], plan?: string) => {
    const { preview, change } = stepsOf({ name, args, line: readCommandLine([name, ...args]) }, plan);
    const own = (words?: string[]) => words?.filter((word) => !word.startsWith("--suppress"));
    return [own(preview), own(change)];
  };
  const agreed = ["--yes", "--skip-preview"];

  test.each<[name: string, args: string[], preview: string[] | undefined, change: string[]]>([
    ["up", [], ["preview"], ["up", ...agreed]],
    ["up", ["-f", "-y=false"], undefined, ["up", ...agreed]],
    ["up", ["--diff", "--remove"], ["preview", "--diff"], ["up", ...agreed, "--diff", "--remove"]],
    ["up", ["--plan", "p"], ["preview"], ["up", ...agreed, "--plan=p"]],
    ["destroy", [], ["destroy", "--preview-only", "--run-program"], ["destroy", "--run-program", ...agreed]],
  ])("%s %j", (name, args, preview, change) => {
    expect(steps(name, args)).toEqual([preview, change]);
  });

  test("a strict update does what its preview has planned", () => {
    expect(steps("up", ["--strict", "-ma"], "p")).toEqual([
      ["preview", "--save-plan", "p", "--message=a"],
      ["up", ...agreed, "--strict=false", "--plan", "p", "--message=a"],
    ]);
  });
});

/** Such as that of access: Pulumi asks by itself, after our line, and after the name of what destroy takes from others. */
describe("in another project", () => {
  function agreesTo(command: string, ...args: string[]): Promise<boolean> {
    said.length = 0;
    return agreesToOther(command, readCommandLine(["-C", path.resolve("access"), command, ...args]), env);
  }

  const line = (command: string, stack: string) =>
    `${command} on stack ${stack}: directus on db.example:5432 as anna: what access declares`;

  test.each([
    ["up", "prod"],
    ["up", "dev"],
    ["destroy", "dev"],
  ])("%s on %s: the line alone", async (command, stack) => {
    expect(await agreesTo(command, "-s", stack)).toBe(true);
    expect(said).toEqual([line(command, stack)]);
  });

  test.each([
    ["directus", true],
    ["yes", false],
    [undefined, false],
  ])("destroy of what others need, answered by %s", async (given, agreed) => {
    answer = given;
    expect(await agreesTo("destroy", "-sprod")).toBe(agreed);
    expect(said.slice(0, 2)).toEqual([line("destroy", "prod"), "To go on, type the name of the database: "]);
    expect(said[2]).toBe(
      agreed
        ? undefined
        : given
          ? "That is not directus: nothing was changed."
          : "Nobody answered: nothing was changed.",
    );
  });

  test.each([["--yes"], ["--non-interactive"]])("who says %s is not asked, and reads the line", async (option) => {
    expect(await agreesTo("destroy", "-sprod", option)).toBe(true);
    expect(said).toEqual([line("destroy", "prod")]);
  });

  test.each([["preview"], ["destroy", "--preview-only"], ["up", "--help"]])(
    "%s %s changes nothing",
    async (...words) => {
      const [command = "", ...args] = words;
      expect(await agreesTo(command, ...args)).toBe(true);
      expect(said).toEqual([]);
    },
  );
});
