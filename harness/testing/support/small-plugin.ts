import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "#harness/core/project-root.ts";

const text = readFileSync(join(projectRoot, "harness/testing/fixtures/small_plugin.py"), "utf8");

/**
 * The command line of a small network driver on a node. `address` is the path of a unix socket, or a TCP port. It has every
 * network, or refuses each by its `name` where `refuses` is set; a network with the option `end` ends it.
 */
export function smallPlugin(name: string, address: string, { refuses = false } = {}): string[] {
  return ["python3", "-c", text, name, address, ...(refuses ? ["refuse"] : [])];
}
