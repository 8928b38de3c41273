import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "#harness/core/project-root.ts";

/**
 * Version of the driver API. It is raised when a driver that was written for the version before cannot run as it is, and not for
 * what is added. A driver says which one it was made for: by hand, or by the kit that made its object. `loadDriver` refuses another
 * one, since what its methods are called with, and what they must resolve to, may have changed without a trace.
 */
export const apiVersion = 1;

/** Version of the package that this is, e.g. `0.2.0`. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}
