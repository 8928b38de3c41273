import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identify } from "./process.ts";

const prefix = "netconform-scratch-";

/** A folder below the system's temporary one, for this process. This user's folders of processes that are gone are removed. */
export function makeScratchFolder(): string {
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(prefix))) {
    const pid = Number(name.slice(prefix.length).split("-")[0]);
    const folder = join(tmpdir(), name);
    const isOurs = statSync(folder, { throwIfNoEntry: false })?.uid === process.getuid?.();
    if (isOurs && identify(pid) === undefined) rmSync(folder, { recursive: true, force: true });
  }
  return mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
}

/** Such a folder that is gone at the end of the block that uses it. */
export function disposableFolder(): Disposable & { readonly path: string } {
  const path = makeScratchFolder();
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
