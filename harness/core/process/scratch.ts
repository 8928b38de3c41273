import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Scope } from "#harness/core/async/scope.ts";
import { isAlive, ownIdentity } from "./process.ts";

const prefix = "netconform-scratch-";

/** A folder below the system's temporary one, for this process. This user's folders of processes that are gone are removed. */
export function makeScratchFolder(): string {
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(prefix))) {
    const [pid, start] = name.slice(prefix.length).split("-");
    const folder = join(tmpdir(), name);
    const isOurs = statSync(folder, { throwIfNoEntry: false })?.uid === process.getuid?.();
    if (isOurs && !isAlive(`${pid}:${start}`)) removeAtOnce(folder);
  }
  return mkdtempSync(join(tmpdir(), `${prefix}${ownIdentity().replace(":", "-")}-`));
}

/** Other processes that are starting remove the same ones. */
function removeAtOnce(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // The one that was faster, or the next one, removes the rest.
  }
}

/** Such a folder that is gone at the end of the block that uses it. */
export function disposableFolder(): Disposable & { readonly path: string } {
  const path = makeScratchFolder();
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Where to listen with a unix socket, in such a folder; both are gone when `scope` closes; where this process is killed, another one's folder removes them. */
export function scratchSocket(scope: Scope, name: string): string {
  const folder = makeScratchFolder();
  scope.defer(`the folder ${folder}`, () => rmSync(folder, { recursive: true, force: true }));
  return join(folder, `${name}.sock`);
}
