import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { deriveEnvironment, deriveRequest } from "#harness/cni/protocol/request.ts";
import { networkConfigOf } from "#harness/cni/runtime/config.ts";
import { CniRuntime } from "#harness/cni/runtime/runtime.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import { quote } from "#harness/host/shell.ts";
import { specVersions } from "#suites/requirements/spec-version.ts";

/** Cycles of ADD and DEL, driven by the runtime and by a plain shell loop. */
export interface CniSpeed {
  readonly cycles: number;
  /** ADD and DEL pairs per second through `CniRuntime`, one after the other. */
  readonly runtimePerSecond: number;
  /** The same plugin calls in a shell loop on the same host. */
  readonly shellPerSecond: number;
  /** How many times as long the runtime takes; 1 would be no cost at all. */
  readonly ratio: number;
}

export interface CniBench {
  readonly host: Host;
  /** Absolute path of the plugin on the host. */
  readonly plugin: string;
  /** Plugin configuration without `type`; `ipam.dataDir` is set to a scratch folder. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Default 200. */
  readonly cycles?: number;
}

/**
 * Measures in namespaces of its own, which are removed afterwards. The two ways take turns in slices,
 * so that the load of the machine falls on both.
 */
export async function measureCni({ host, plugin, config, cycles = 200 }: CniBench): Promise<CniSpeed> {
  const folder = await mkdtemp(join(tmpdir(), "netconform-bench-"));
  const name = `ncbench-${process.pid}`;
  const prefix = ["ip", "netns", "exec", name];
  const type = plugin.slice(plugin.lastIndexOf("/") + 1);
  const path = [dirname(plugin)];
  const ipam = config.ipam as Record<string, unknown> | undefined;
  const pluginConfig = { ...config, type, ...(ipam && { ipam: { ...ipam, dataDir: join(folder, "data") } }) };
  const runtime = new CniRuntime({ host, path, prefix, cacheFolder: join(folder, "cache") });
  try {
    await host.run([
      "sh",
      "-ec",
      `ip netns add ${name}; ip netns add ${name}-c; ip -n ${name} link set lo up`,
    ]);
    const claimed = (await runtime.version(type)).supportedVersions;
    const version = specVersions.findLast((one) => claimed.includes(one));
    if (!version) throw new HarnessError(`${plugin} claims none of ${specVersions.join(", ")}`);
    const network = networkConfigOf({ cniVersion: version, name: "bench", plugins: [pluginConfig] });
    const attachment = { containerId: "bench", netns: `/run/netns/${name}-c`, ifName: "nc0" };
    const stdin = JSON.stringify(deriveRequest({ network, plugin: pluginConfig, version }));
    const call = (command: "ADD" | "DEL") => {
      const env = Object.entries(deriveEnvironment(command, path, attachment));
      const words = [...prefix, "env", ...env.map(([key, value]) => `${key}=${value}`), plugin];
      return `printf %s ${quote(stdin)} | ${words.map(quote).join(" ")} >/dev/null`;
    };
    const slices = 10;
    const perSlice = Math.ceil(cycles / slices);
    const loop = `i=0; while [ $i -lt ${perSlice} ]; do ${call("ADD")}; ${call("DEL")}; i=$((i+1)); done`;
    let runtimeMs = 0;
    let shellMs = 0;
    for (let slice = 0; slice < slices; slice += 1) {
      runtimeMs += await timed(async () => {
        for (let cycle = 0; cycle < perSlice; cycle += 1) {
          await runtime.add(network, attachment);
          await runtime.del(network, attachment);
        }
      });
      shellMs += await timed(() => host.run(["sh", "-ec", loop], { deadlineMs: 600_000 }));
    }
    const done = slices * perSlice;
    return {
      cycles: done,
      runtimePerSecond: (done / runtimeMs) * 1000,
      shellPerSecond: (done / shellMs) * 1000,
      ratio: runtimeMs / shellMs,
    };
  } finally {
    await host.exec(["sh", "-c", `ip netns del ${name}; ip netns del ${name}-c`]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
