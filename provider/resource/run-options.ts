import { type ConfigurationValues, OPTION_KEYS, readOptions, type RunOptions } from "../model/configuration";
import { forgetReads } from "./this-run";

let values: ConfigurationValues = {};
let adopt: string | undefined;

/** Keeps the options of the stack's configuration, as Pulumi hands them to a dynamic provider when it starts. */
export function configure(get: (key: string) => string | undefined): void {
  forgetReads();
  adopt = get("adopt");
  values = Object.fromEntries(
    OPTION_KEYS.flatMap((key) => {
      const value = get(key);
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

/** The options that `configure` kept, checked when a hook needs them; the defaults before. */
export function runOptions(): RunOptions {
  return readOptions(values);
}

/** The rollout that this run may take over; what a state remembers is what an earlier run might. */
export function runAdopts(): string | undefined {
  return adopt;
}
