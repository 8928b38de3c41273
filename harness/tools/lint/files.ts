import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { Host } from "#harness/host/host.ts";

/** Files of a git work tree that are or could be committed, relative to it. */
export async function listFiles(local: Host, folder: string): Promise<string[]> {
  const listed = ["git", "-C", folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const names = (await local.run(listed)).split("\0").filter(Boolean);
  return names.filter((name) => lstatSync(join(folder, name), { throwIfNoEntry: false })?.isFile());
}
