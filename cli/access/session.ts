// What the access command asks the database, as whoever the environment names.
import { type AccessDeclaration, auditAccess, messageOf, openSession, rolesOf } from "../../provider";
import { rollout } from "../../tiers";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";

type Session = Awaited<ReturnType<typeof openSession>>;

/** Lets the login roll out one release under one request; gives the end of it. */
export async function approve({ release, request, duration }: Record<"release" | "request" | "duration", string>) {
  const { access } = rolesOf(rollout);
  const validFor = interval(duration);
  return act(async (session) => {
    const [row] = await session.query<{ until: string }>(
      `SELECT to_char(${access}.approve($1, $2, $3::interval), 'YYYY-MM-DD HH24:MI:SS "UTC"') AS until`,
      [release, request, validFor],
    );
    return row?.until ?? "";
  });
}

/** Takes it back; true if something was in force. */
export async function withdraw(): Promise<boolean> {
  const { access } = rolesOf(rollout);
  return act(async (session) => {
    const once = async () =>
      (await session.query<{ ended: boolean }>(`SELECT ${access}.withdraw() AS ended`))[0]?.ended;
    const ended = await once();
    // Who came in between the end of the sessions and the commit is out now too.
    await once();
    return ended ?? false;
  });
}

export function audit(declaration: AccessDeclaration): ReturnType<typeof auditAccess> {
  return withSession((session) => auditAccess(session, declaration));
}

/** What the two functions, and PostgreSQL before them, refuse: to whom it belongs, and what to do. Anything else stays what it is. */
function refusalOf(cause: unknown): unknown {
  const { access, approver } = rolesOf(rollout);
  const { code = "" } = Object(cause) as { code?: string };
  const refused: Readonly<Record<string, [ending: string, exitCode: number]>> = {
    "22023": ["", EXIT.configuration],
    "55000": [" Withdraw it first: npm run access -- withdraw.", EXIT.refused],
    "42501": [` Connect as an approver, a member of ${approver} (DATABASE_URL or PGUSER).`, EXIT.refused],
    "3F000": [` Roles take no part in this database; ${access} is made by: npm run access -- sql.`, EXIT.configuration],
  };
  const [ending, exitCode] = refused[code] ?? [];
  if (ending === undefined) return cause;
  return new Failure(`${messageOf(cause).replace(/\.?$/, ".")}${ending} Nothing was changed.`, exitCode, { cause });
}

/** What an approver does; a refusal is in words for a person. */
function act<T>(work: (session: Session) => Promise<T>): Promise<T> {
  return withSession((session) =>
    work(session).catch((error: unknown) => {
      throw refusalOf(error);
    }),
  );
}

async function withSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
  const session = await openSession({ application: `${rollout.name} access` });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

const UNITS: Record<string, string> = { m: "minutes", min: "minutes", h: "hours", d: "days" };

/** `90min`, `2h`, `1d` as an interval. */
function interval(text: string): string {
  const [, count = "", unit = ""] = /^(\d+)\s*(m|min|h|d)$/.exec(text) ?? [];
  if (!count)
    throw new Failure(
      `--for ${text} is not a time: expected 90min, 2h or 1d. Nothing was changed.`,
      EXIT.configuration,
    );
  return `${count} ${UNITS[unit] ?? ""}`;
}
