import { pluginSearchPath } from "#harness/cni/protocol/invocation.ts";
import type { PluginProfile } from "#harness/cni/testbed/profiles.ts";
import type { Host } from "#harness/host/host.ts";

/**
 * What a plugin needs and the machine does not have, as a sentence; `undefined` where it has everything. A program is looked for where a plugin
 * finds it, whatever `PATH` the run itself has.
 */
export async function findObstacle(
  host: Host,
  { needs = [], unavailable }: Pick<PluginProfile, "needs" | "unavailable">,
): Promise<string | undefined> {
  if (unavailable) return unavailable;
  for (const need of needs) {
    const [what = "", ...words] = need.split(" ");
    const name = words.join(" ");
    if (what === "program") {
      const found = await host.exec(["env", `PATH=${pluginSearchPath}`, "sh", "-c", `command -v ${name}`]);
      if (found.code !== 0) return `${name} is not installed on this machine`;
    } else if (what === "device") {
      if (!(await host.files.exists(name))) return `this machine has no ${name}`;
    } else {
      const tried = await host.exec(["unshare", "--net", "sh", "-c", `ip link add ncprobe type ${name}`]);
      if (/unknown device type/i.test(tried.stderr)) {
        return `this machine's kernel has no ${words[0]} devices`;
      }
      if (/not supported/i.test(tried.stderr)) {
        const how = words.slice(1).join(" ");
        return `this machine's kernel has no ${words[0]} devices${how === "" ? "" : ` with ${how}`}`;
      }
    }
  }
  return undefined;
}
