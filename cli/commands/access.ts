// `npm run access -- COMMAND`: who may do what in a production database, and the approver's act.
import { declareAccess } from "../../access/declaration";
import { installSql, removeSql } from "../../access/sql";
import { loginSql } from "../../access/sql-login";
import { describeAccess, messageOf } from "../../provider";
import { runAccessProgram } from "../access/pulumi";
import { approve, audit, withdraw } from "../access/session";
import { requireOwnDatabase, targetEnvironment } from "../dev-database/target";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";
import { parseOptions } from "../options";
import { readCommandLine } from "../pulumi/command-line";
import type { Command } from "./index";

const USAGE = `Usage: npm run access -- COMMAND

  preview | up | destroy   the roles and rights of this database, with Pulumi; the options are those of its CLI
  sql [--remove]           print the same as one SQL script, to be run by psql as a superuser; --remove takes it back
                           (into a file by npm run -s: what npm says of itself is no SQL)
  sql --login NAME         print the rights of one login instead, for a clone that goes without these roles
  audit [--json]           compare what is with what is declared. Exit code 0 = as declared, 10 = it differs
  approve --release DIGEST --request CODE --for 2h
                           allow this release to be rolled out under this request, for 1 minute to 7 days
  withdraw                 take that back, and end what is under way

  --reader NAME            a further role that may read the views of the user interface, as readerRoles has it
  --administrator NAME     a role that may administer ours; on PostgreSQL 16 or newer, whoever has created them

  audit, approve and withdraw connect as whoever DATABASE_URL or the PG* variables name.`;

const DIFFERS = 10;

const options = {
  release: { type: "string" },
  request: { type: "string" },
  for: { type: "string" },
  reader: { type: "string", multiple: true },
  administrator: { type: "string", multiple: true },
  login: { type: "string" },
  remove: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Options = ReturnType<typeof parseOptions<typeof options>>;

const actions: Record<string, (options: Options) => Promise<number>> = {
  sql: async ({ remove, login }) => {
    console.log(scriptOf(remove ?? false, login));
    return 0;
  },
  audit: tellAudit,
  approve: async ({ release, request, for: duration }) => {
    if (!release || !request || !duration)
      throw new Failure(`approve needs --release, --request and --for.\n${USAGE}`, EXIT.configuration);
    console.log(`Approved until ${await approve({ release, request, duration })}.`);
    return 0;
  },
  withdraw: async () => {
    console.log(
      (await withdraw())
        ? "The approval is withdrawn; what was under way is ended."
        : "No approval was in force; the login can do nothing.",
    );
    return 0;
  },
};

function scriptOf(remove: boolean, login: string | undefined): string {
  if (login === undefined) {
    return remove
      ? `${REMOVE_HEADER}\n${removeSql(declareAccess())}`
      : `${INSTALL_HEADER}\n${installSql(declareAccess())}`;
  }
  if (remove)
    throw new Failure(`--remove is for the roles, --login for a database without them.\n${USAGE}`, EXIT.configuration);
  try {
    return `${LOGIN_HEADER}\n${loginSql(declareAccess(), login)}`;
  } catch (cause) {
    throw new Failure(`--login: ${messageOf(cause)}.`, EXIT.configuration, { cause });
  }
}

const LOGIN_HEADER = `-- The rights of one login that rolls out alone, made by: npm run access -- sql --login NAME
-- For a clone without the roles of the rollout (configuration: access optional). The login has to be there.
-- As a superuser, in the database of the rollout: psql -X -v ON_ERROR_STOP=1 -d DATABASE -f FILE
\\set ON_ERROR_STOP on
\\set QUIET on`;

const INSTALL_HEADER = `-- Roles and rights of the rollout, made by: npm run access -- sql
-- As a superuser, in the database of the rollout: psql -X -v ON_ERROR_STOP=1 -d DATABASE -f FILE
-- Passwords are not in it: set them by \\password, in psql. Who may approve: GRANT one_roof_approver TO a person's login.
\\set ON_ERROR_STOP on
\\set QUIET on`;

const REMOVE_HEADER = `-- Takes roles and rights of the rollout back, made by: npm run access -- sql --remove
-- As a superuser, in the database of the rollout: psql -X -v ON_ERROR_STOP=1 -d DATABASE -f FILE
\\set ON_ERROR_STOP on
\\set QUIET on`;

export const run: Command = async ([name = "", ...rest]) => {
  if (["preview", "up", "destroy"].includes(name)) return runAccessProgram(name, rest);
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!action) throw new Failure(name ? `Unknown command "${name}".\n${USAGE}` : USAGE, EXIT.configuration);
  const given = parseOptions(rest, options, USAGE);
  // On the embedded database everybody is its developer.
  const { stack } = readCommandLine([]);
  requireOwnDatabase(stack);
  if (name !== "sql" && !given.help)
    Object.assign(process.env, await targetEnvironment(stack, { as: "administrator" }));
  if (!given.help) return action(given);
  console.log(USAGE);
  return 0;
};

async function tellAudit({ json, reader: readers = [], administrator: administrators = [] }: Options): Promise<number> {
  const { absent, inForce, findings } = await audit(declareAccess({ readers, administrators }));
  const differs = absent !== undefined || findings.length > 0;
  if (json) {
    console.log(JSON.stringify({ asDeclared: !differs, absent, inForce, findings }));
  } else if (absent !== undefined) {
    console.log(
      `Roles take no part in this database: ${absent}. Make them: npm run access -- up, or npm run access -- sql`,
    );
  } else {
    for (const finding of findings) console.log(describeAccess(finding));
    console.log(
      [
        differs ? `${findings.length} differences from what is declared.` : "Everything is as declared.",
        inForce
          ? `Release ${inForce.release} may be rolled out under ${inForce.request}, as ${inForce.approvedBy} has approved, until ${inForce.validUntil}.`
          : "No approval is in force.",
      ].join(" "),
    );
  }
  return differs ? DIFFERS : 0;
}
