declare module "js-yaml" {
  /** Every scalar stays the text that was written: no number, date or truth value is guessed. */
  export const FAILSAFE_SCHEMA: unknown;
  export function load(text: string, options?: { schema?: unknown }): unknown;
  export class YAMLException extends Error {
    reason: string;
    mark?: { line: number };
  }
}
