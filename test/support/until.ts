import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 10;

/** Waits until a condition holds, asking each `poll` milliseconds; throws if it does not within `patience` milliseconds. */
export async function until(condition: () => Promise<boolean>, patience: number, poll = POLL_MS): Promise<void> {
  const deadline = Date.now() + patience;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Not so within ${patience} ms: ${condition.toString()}`);
    await sleep(poll);
  }
}
