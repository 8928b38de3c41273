import { socketFolder, specFolders } from "#harness/cnm/protocol/plugin-folders.ts";
import type { Cause } from "#harness/core/failure/cause.ts";
import type { Host } from "#harness/host/host.ts";

const list = `for folder in "$@"; do
  [ -d "$folder" ] || { echo "$folder: there is no such folder"; continue; }
  found=$(cd "$folder" && find . -mindepth 1 -maxdepth 2 '(' -type s -o -name '*.spec' -o -name '*.json' ')' | sort | cut -c3- | tr '\\n' ' ')
  echo "$folder: \${found:-nothing that names a plugin}"
done`;

/** The plugin that an engine says it does not find. */
export function missingPlugin(said: string): string | undefined {
  return /plugin "?([\w./:-]+?)"? not found/.exec(said)?.[1];
}

/**
 * For an engine that says it does not find a plugin: where it looks, and what is there on its node, as a cause and its evidence.
 * `undefined` for anything else that an engine says.
 */
export async function explainMissingPlugin(
  node: Pick<Host, "name" | "exec">,
  said: string,
): Promise<{ because: Cause; evidence: string } | undefined> {
  const name = missingPlugin(said);
  if (name === undefined) return undefined;
  const there = await node.exec(["sh", "-c", list, "sh", socketFolder, ...specFolders]);
  const managed = await node.exec([
    "docker",
    "plugin",
    "ls",
    "--format",
    "{{.Name}} (enabled: {{.Enabled}})",
  ]);
  const installed = managed.stdout.trim().split("\n").filter(Boolean).join(", ");
  return {
    because: { kind: "plugin missing", what: `engines do not find a plugin ${name}` },
    evidence: [
      `  an engine looks for ${name}.sock in ${socketFolder}, then for ${name}.spec and ${name}.json in ${specFolders.join(" and ")}; on ${node.name}:`,
      ...there.stdout.trimEnd().replaceAll(/^/gm, "    ").split("\n"),
      `    managed plugins: ${installed || "none"}`,
    ].join("\n"),
  };
}
