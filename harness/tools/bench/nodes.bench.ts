import { randomBytes } from "node:crypto";
import { startContainers } from "#harness/cluster/containers/containers.ts";
import { labels, removeByLabel } from "#harness/cluster/containers/labels.ts";
import { leaseSubnets, releaseSubnets } from "#harness/cluster/containers/subnets.ts";
import { type NodeEnvironment, nodeHostConfig } from "#harness/cluster/images/node-contract.ts";
import { forgetWhenInterrupted, removeWhenInterrupted } from "#harness/cluster/interruption.ts";
import { RemoteCluster } from "#harness/cluster/remote-cluster.ts";
import { until } from "#harness/core/async/poll.ts";
import { median, stopwatch } from "#harness/core/figures/statistics.ts";
import { ownIdentity } from "#harness/core/process/process.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import type { BenchmarkRow } from "./runner/benchmark.ts";
import type { BenchContext } from "./runner/context.ts";

export const name = "nodes";
export const title = "Two nodes, cold, until both engines answer";

const nodes = 2;
const rounds = 3;

export async function run(context: BenchContext): Promise<BenchmarkRow[]> {
  const comparable = await context.hasDockerCommand();
  const ours: number[] = [];
  const started: number[] = [];
  const answering: number[] = [];
  for (let round = 0; round < Math.max(rounds, context.rounds); round++) {
    ours.push(await upThroughHarness(context));
    if (!comparable) continue;
    const plain = await upThroughDocker(context);
    started.push(plain.started);
    answering.push(plain.answering);
  }
  const up: BenchmarkRow = {
    what: `${nodes} nodes and the external host, until both engines answer over SSH, median of ${ours.length}`,
    value: median(ours) / 1000,
    unit: "s",
    aim: { of: "value", atMost: 1.8 },
    limit: "the engines' own start, the second column without what the harness adds",
    note: "image in the engine; three networks, keys and a third host included",
  };
  if (!comparable) return [up];
  const plain = `docker run of ${nodes} such containers, one after the other`;
  const { aim: _, note: __, ...same } = up;
  return [
    { ...up, baseline: { what: `${plain}, until both engines answer`, value: median(answering) / 1000 } },
    {
      ...same,
      what: "the same",
      baseline: { what: `${plain}, nothing awaited`, value: median(started) / 1000 },
    },
  ];
}

/** Milliseconds from nothing to two engines that answer over SSH. */
async function upThroughHarness(context: BenchContext): Promise<number> {
  const { docker, host: dockerHost, private: own } = await context.engineContext();
  const nodeImage = await context.nodeImage();
  const id = `nc-${randomBytes(3).toString("hex")}`;
  const { SUBNETS, CACHE } = context.settings;
  const lease = await leaseSubnets(SUBNETS, id);
  const plan = {
    ...{ id, dockerHost, private: own, lease, cache: CACHE },
    nodes: Array.from({ length: nodes }, () => ({ image: nodeImage, flags: [] })),
  };
  const remove = async () => {
    await removeByLabel(docker, labels.cluster, id);
    releaseSubnets(SUBNETS, lease.slot, id);
    forgetWhenInterrupted(id);
  };
  removeWhenInterrupted(id, remove);
  let cluster: RemoteCluster | undefined;
  try {
    return await stopwatch(async () => {
      cluster = new RemoteCluster({
        ...{ id, engine: context.word, image: "" },
        ...(await startContainers(docker, plan)),
      });
      await Promise.all(
        cluster.nodes.map((node) =>
          until({ what: `the engine on ${node.name} to answer`, deadlineMs: 60_000 }, () =>
            node.docker.ping(),
          ),
        ),
      );
    });
  } finally {
    await cluster?.disconnect();
    await remove();
  }
}

/** The same containers by Docker's command line, as one would type it. Milliseconds. */
async function upThroughDocker(context: BenchContext): Promise<{ started: number; answering: number }> {
  const { docker, host } = await context.engineContext();
  const image = await context.nodeImage();
  const local = new LocalHost();
  const env = { DOCKER_HOST: host };
  const id = `nc-${randomBytes(3).toString("hex")}`;
  const names = Array.from({ length: nodes }, (_, index) => `${id}-node${index + 1}`);
  const environment = { ROLE: "node", AUTHORIZED_KEY: "none" } satisfies NodeEnvironment;
  const options = [
    ...nodeHostConfig.CapAdd.flatMap((capability) => ["--cap-add", capability]),
    ...nodeHostConfig.SecurityOpt.flatMap((option) => ["--security-opt", option]),
    ...Object.entries(nodeHostConfig.Tmpfs).flatMap(([path, mount]) => ["--tmpfs", `${path}:${mount}`]),
    ...Object.entries(environment).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
    ...["--cgroupns", nodeHostConfig.CgroupnsMode],
    ...["--label", `${labels.cluster}=${id}`, "--label", `${labels.owner}=${ownIdentity()}`],
    ...["--label", `${labels.cache}=${context.settings.CACHE}`],
  ];
  const remove = async () => {
    await removeByLabel(docker, labels.cluster, id);
    forgetWhenInterrupted(id);
  };
  removeWhenInterrupted(id, remove);
  try {
    const start = performance.now();
    for (const name of names)
      await local.run(["docker", "run", "--detach", "--name", name, ...options, image], { env });
    const started = performance.now() - start;
    for (const name of names) {
      await until({ what: `the engine in ${name} to answer`, deadlineMs: 60_000 }, async () => {
        return (await local.exec(["docker", "exec", name, "docker", "version"], { env })).code === 0;
      });
    }
    return { started, answering: performance.now() - start };
  } finally {
    await remove();
  }
}
