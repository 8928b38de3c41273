import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Host } from "#harness/host/host.ts";
import type { Tool } from "#harness/host/setup/install.ts";
import { listFiles } from "./files.ts";

/** Looks for mistakes in shell scripts. */
export const shellcheck: Tool = { program: "shellcheck", packages: ["shellcheck"] };

/** What shellcheck finds in the shell scripts of a git work tree: those that are called so, and those that begin so. */
export async function checkShellScripts(local: Host, folder: string): Promise<string[]> {
  const scripts = (await listFiles(local, folder)).filter((name) => isShellScript(join(folder, name)));
  if (scripts.length === 0) return [];
  const paths = scripts.map((name) => join(folder, name));
  const checked = await local.exec(["shellcheck", "--format=gcc", ...paths]);
  return checked.code === 0 ? [] : [`${checked.stdout}${checked.stderr}`.trim()];
}

function isShellScript(path: string): boolean {
  return /\.(ba)?sh$/.test(path) || /^#! ?\S*(\/env )?\S*\b(ba|da)?sh\b/.test(beginning(path));
}

function beginning(path: string): string {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(64);
    return bytes.toString("utf8", 0, readSync(file, bytes)).split("\n")[0] ?? "";
  } finally {
    closeSync(file);
  }
}
