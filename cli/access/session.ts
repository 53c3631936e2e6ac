// What the access command asks the database, as whoever the environment names.
import { type AccessDeclaration, auditAccess, openSession, rolesOf } from "../../provider";
import { rollout } from "../../tiers";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";

type Session = Awaited<ReturnType<typeof openSession>>;

/** Lets the login roll out one release under one request; gives the end of it. */
export async function approve(act: { release: string; request: string; duration: string }): Promise<string> {
  const { access } = rolesOf(rollout);
  return withSession(async (session) => {
    const [row] = await session.query<{ until: string }>(
      `SELECT to_char(${access}.approve($1, $2, $3::interval), 'YYYY-MM-DD HH24:MI:SS "UTC"') AS until`,
      [act.release, act.request, interval(act.duration)],
    );
    return row?.until ?? "";
  });
}

/** Takes it back; true if something was in force. */
export async function withdraw(): Promise<boolean> {
  const { access } = rolesOf(rollout);
  return withSession(async (session) => {
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
