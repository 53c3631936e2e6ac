const pending: (() => unknown)[] = [];

/** Has `work` done after the last test of the file, before its own `afterAll` hooks; what was set up last goes first. */
export function atEnd(work: () => unknown): void {
  pending.push(work);
}

/** Does all of it, even if some of it fails. */
export async function cleanUp(): Promise<void> {
  const errors: unknown[] = [];
  for (const work of pending.splice(0).reverse()) {
    try {
      await work();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, `Not everything was cleaned up: ${errors.join("; ")}`);
}
