import { join } from "node:path";
import { projectRoot } from "#harness/core/project-root.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";

const provision = join(projectRoot, "vagrant/provision.sh");

/** The Debian packages of a node: with that engine version, or all but the engine. */
export async function nodePackages(engine: string): Promise<string[]> {
  const packages = await new LocalHost().run([provision, "packages", engine]);
  return packages.trim().split("\n");
}
