import { basename } from "node:path";
import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import { callOf, type RecordFiles } from "#harness/cni/runtimes/recording/call.ts";
import { passThroughScript } from "#harness/cni/runtimes/recording/pass-through.ts";
import type { Host } from "#harness/host/host.ts";

/** What a runtime that is not the project's own has on a node while it runs. */
export const home = "/run/netconform/runtime";
/** The only folder of plugins that such a runtime knows. */
export const pluginFolder = `${home}/bin`;

const linkAll = `
  mkdir -p "$1/bin" "$1/calls" && cat >"$1/recorder" && chmod 755 "$1/recorder"
  home=$1; shift
  for folder; do
    for plugin in "$folder"/*; do
      [ ! -x "$plugin" ] || ln -sf "$home/recorder" "$home/bin/\${plugin##*/}"
    done
  done`.replaceAll("\\$", "$");

/** Puts a recorder in front of every plugin that is in `folders` on the node. */
export async function putRecorders(node: Host, folders: readonly string[]): Promise<void> {
  const input = passThroughScript(home, folders);
  await node.run(["sh", "-c", linkAll, "sh", home, ...folders], { input });
}

const printAll = `
  cd "$1" 2>/dev/null || exit 0
  for call in *.call; do
    [ -e "$call/ended" ] || continue
    for file in "$call"/*; do printf '%s %s\\n' "$file" "$(base64 -w0 "$file")"; done
  done`;

/** The calls for a container that are written down on a node and have ended, in the order in which they ended. */
export async function readCalls(node: Host, containerId: string): Promise<Invocation[]> {
  const printed = await node.run(["sh", "-c", printAll, "sh", `${home}/calls/${containerId}`]);
  const records = new Map<string, Record<string, string>>();
  for (const line of printed.split("\n").filter(Boolean)) {
    const [path = "", content = ""] = line.split(" ");
    const [id = "", file = ""] = path.split("/");
    const record = records.get(id) ?? {};
    records.set(id, record);
    record[file] = Buffer.from(content, "base64").toString("utf8");
  }
  return [...records]
    .flatMap(([id, files]) => invocationOf(node, id, files))
    .sort((one, other) => endOf(one) - endOf(other));
}

function invocationOf({ name: host }: Host, id: string, files: RecordFiles): Invocation[] {
  const call = callOf(id, files);
  if (call?.code === undefined || call.endedAt === undefined) return [];
  // containerd brings up the loopback interface by a plugin, in a network of its own that nobody has configured.
  if (call.env.CNI_IFNAME === "lo") return [];
  const { command, path, stdin, stdout, code, startedAt, endedAt } = call;
  return [
    {
      ...{ host, command, path, stdin, stdout, code, startedAt },
      plugin: basename(call.plugin),
      prefix: [],
      env: Object.fromEntries(Object.entries(call.env).filter(([key]) => key.startsWith("CNI_"))),
      stderr: files.stderr ?? "",
      signal: null,
      timedOut: false,
      dropped: { stdout: 0, stderr: 0 },
      durationMs: endedAt - startedAt,
    },
  ];
}

const endOf = ({ startedAt, durationMs }: Invocation) => startedAt + durationMs;

/** What one process knows of the calls of a node's runtime. */
export class KnownCalls {
  readonly #node: Host;
  readonly #calls = new Map<string, readonly Invocation[]>();

  constructor(node: Host) {
    this.#node = node;
  }

  of(containerId: string): readonly Invocation[] {
    return this.#calls.get(containerId) ?? [];
  }

  /** Reads what was written down since. */
  async read(containerId: string): Promise<void> {
    this.#calls.set(containerId, await readCalls(this.#node, containerId));
  }
}
