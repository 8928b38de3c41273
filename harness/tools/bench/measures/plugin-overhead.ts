import type { DriverSettings, InstalledDriver } from "#drivers/driver.ts";
import { loadDriver } from "#drivers/loader.ts";
import type { Cluster } from "#harness/cluster/cluster.ts";
import { readExchange } from "#harness/cnm/protocol/exchange.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { median, stopwatch } from "#harness/core/figures/statistics.ts";
import { programCall } from "#harness/host/agent/program.ts";
import type { ExecResult } from "#harness/host/host.ts";
import { expectPing } from "#harness/observe/probe/path.ts";
import type { BenchmarkRow } from "#harness/tools/bench/runner/benchmark.ts";
import type { Network } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";

const connects = 15;
const pings = 100;
const megabytes = 64;
const port = 5201;

/** Figures of one network; times in milliseconds. */
interface Figures {
  readonly connect: number;
  readonly rtt: number;
  /** For `megabytes` over one TCP connection. */
  readonly transfer: number;
}

/** Attachment, latency and throughput on the driver's network, next to Docker's overlay on the same nodes. */
export async function measureOverhead(
  scope: Scope,
  cluster: Cluster,
  driver: InstalledDriver,
  settings: DriverSettings,
): Promise<BenchmarkRow[]> {
  const overlay = await loadDriver("overlay", settings);
  const own = scope.child("Docker's overlay");
  const attachment = (await overlay.install?.(own, cluster)) ?? {};
  const installed = await overlay.connect(cluster, attachment);
  const networks = { plugin: await driver.createNetwork(own), overlay: await installed.createNetwork(own) };
  const pairs = { plugin: await pairOn(own, networks.plugin), overlay: await pairOn(own, networks.overlay) };
  const mark = await driver.protocol?.mark();
  const plugin = await measure(own, networks.plugin, pairs.plugin, pairs.overlay);
  const calls = mark && (await driver.protocol?.since(mark));
  const plain = await measure(own, networks.overlay, pairs.overlay, pairs.plugin);
  await own.close();
  const attached = new Map<string, number>();
  for (const exchange of calls?.exchanges ?? []) {
    if (!/\.(CreateEndpoint|Join)$/.test(exchange.call)) continue;
    const id = String(readExchange(exchange).request?.EndpointID);
    attached.set(id, (attached.get(id) ?? 0) + exchange.endedAt - exchange.startedAt);
  }
  const rate = (figures: Figures) => `${Math.round((megabytes * 1000) / figures.transfer)} MB/s`;
  return [
    ...(attached.size > 0
      ? [
          {
            what: `CreateEndpoint and Join as the engine waits for them, median of ${attached.size}`,
            value: median([...attached.values()]),
            unit: "ms" as const,
          },
        ]
      : []),
    {
      what: `docker network connect, median of ${connects}`,
      value: plugin.connect,
      unit: "ms",
      baseline: { what: "Docker's overlay on the same nodes", value: plain.connect },
    },
    {
      what: `ping between nodes, round trip, median of ${pings}, in microseconds`,
      value: plugin.rtt * 1000,
      unit: "",
      baseline: { what: "Docker's overlay", value: plain.rtt * 1000 },
    },
    {
      what: `${megabytes} MB over TCP between nodes`,
      value: plugin.transfer,
      unit: "ms",
      baseline: { what: "Docker's overlay", value: plain.transfer },
      note: `${rate(plugin)}, against ${rate(plain)}`,
    },
  ];
}

interface Ends {
  readonly a: Workload;
  readonly b: Workload;
}

async function pairOn(scope: Scope, network: Network): Promise<Ends> {
  const [first, second] = network.nodes;
  if (!first || !second) throw new HarnessError("two nodes are needed");
  const [a, b] = await Promise.all([network.run(scope, first), network.run(scope, second)]);
  await expectPing(a, b, { deadlineMs: 30_000 });
  return { a, b };
}

/** `guest` is a running container of another network, which is connected to this one again and again. */
async function measure(scope: Scope, network: Network, { a, b }: Ends, guest: Ends): Promise<Figures> {
  const times: number[] = [];
  for (let index = 0; index < connects; index++) {
    times.push(await stopwatch(() => network.connect(scope, guest.a)));
    await network.disconnect(guest.a);
  }
  const agent = await a.agent();
  const { replies } = await agent.ping({ address: b.ip, count: pings, intervalMs: 10 });
  return {
    connect: median(times),
    rtt: median(replies.map(({ ms }) => ms)),
    transfer: await transfer(a, b),
  };
}

/** Milliseconds in which \`to\` received everything. */
async function transfer(from: Workload, to: Workload): Promise<number> {
  const bytes = megabytes * 2 ** 20;
  const receiving = run(to, ["receive", `${port}`]);
  await until({ what: `a server on ${to.name}`, deadlineMs: 10_000 }, async () => {
    const listening = await to.inNetns(["ss", "--listening", "--tcp", "--numeric", "--no-header"]);
    return listening.stdout.includes(`:${port} `);
  });
  const sent = await run(from, ["send", to.ip, `${port}`, `${bytes}`]);
  const [size, seconds] = (await receiving).stdout.trim().split(" ").map(Number);
  if (sent.code !== 0 || size !== bytes || seconds === undefined) {
    throw new HarnessError(`${from.name} to ${to.name}: ${size ?? 0} bytes arrived; ${sent.stderr.trim()}`);
  }
  return seconds * 1000;
}

/** Runs a command of the program for the hosts in the network namespace of a workload. */
function run(workload: Workload, given: readonly string[]): Promise<ExecResult> {
  const { argv, input } = programCall(given);
  return workload.inNetns(argv, { input });
}
