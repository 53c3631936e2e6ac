import type { Client, ClientConfig } from "pg";

let longest = Infinity;

/**
 * The driver of a test in which the network goes silent: `jest.mock("pg", () => impatientDriver())`. How long the product's own
 * sessions wait for an answer is for production, half a minute and more; while `impatiently` runs they give up sooner.
 */
export function impatientDriver(): typeof import("pg") {
  const driver = jest.requireActual<typeof import("pg")>("pg");
  class ImpatientClient extends (driver.Client as new (config: ClientConfig) => Client) {
    constructor(config: ClientConfig) {
      super(typeof config === "object" ? bounded(config) : config);
    }
  }
  return { ...driver, Client: ImpatientClient as typeof Client };
}

function bounded(config: ClientConfig): ClientConfig {
  const { query_timeout: query, connectionTimeoutMillis: connection } = config;
  return {
    ...config,
    ...(query && { query_timeout: Math.min(query, longest) }),
    ...(connection && { connectionTimeoutMillis: Math.min(connection, longest) }),
  };
}

/** Sessions that are opened in `work` wait for an answer no longer than so many milliseconds. */
export async function impatiently<Result>(milliseconds: number, work: () => Promise<Result>): Promise<Result> {
  longest = milliseconds;
  try {
    return await work();
  } finally {
    longest = Infinity;
  }
}
