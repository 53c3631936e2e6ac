import * as pulumi from "@pulumi/pulumi";

/** All configuration values of the running stack in the project's own namespace, as texts by key. */
export function stackConfiguration(): Record<string, string> {
  const prefix = `${pulumi.getProject()}:`;
  return Object.fromEntries(
    Object.entries(pulumi.runtime.allConfig())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}
