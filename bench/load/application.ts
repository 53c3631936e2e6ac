import { setTimeout as sleep } from "node:timers/promises";
import type { Place, Places, Session } from "./place";
import type { Request } from "./request";

/** The application, at work until it is stopped. */
export interface Application {
  /** What has ended so far, in that order. */
  readonly requests: readonly Request[];
  /** What a session of the server is asked at the moment; undefined where it is none of the application's. */
  underWay(session: Session): Request | undefined;
  stop(): Promise<void>;
}

/** Has all places ask, with `rate` requests a second each, evenly spread. */
export function startApplication({ places, leave }: Places, rate: number): Application {
  const requests: Request[] = [];
  const current = new Map<Place, Request>();
  const period = 1000 / rate;
  let stopped = false;

  const work = async (place: Place, first: number) => {
    const { kind, table, every = period } = place;
    let before: Request | undefined;
    for (let [turn, due] = [0, first]; !stopped; turn++, due += every) {
      const late = before && before.ended > due;
      if (!late) await sleep(due - performance.now());
      const sent = performance.now();
      const request: Request = {
        kind,
        table,
        began: late ? due : sent,
        sent,
        ended: sent,
        ...(late && { behind: before }),
      };
      current.set(place, request);
      await place.ask(turn).catch((error: unknown) => (request.error = String(error)));
      request.ended = performance.now();
      current.delete(place);
      requests.push((before = request));
    }
  };
  const start = performance.now();
  const working = Promise.all(places.map((place, index) => work(place, start + (index * period) / places.length)));
  return {
    requests,
    underWay: (session) => {
      const own = [...current].filter(([place]) => place.servedBy(session)).map(([, request]) => request);
      return own.find(({ blame }) => !blame) ?? own[0];
    },
    stop: async () => {
      stopped = true;
      await working;
      await leave();
    },
  };
}
