import type { ChapterContext } from "#harness/conformance/chapter.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { DeadlineExceeded, Unsupported } from "#harness/core/errors.ts";
import type { Network } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { twoNodes } from "#suites/plugin/fixture.ts";

/** Milliseconds after its start within which a container reaches others, and finds them by name. */
export const dueMs = 10_000;

/** How soon a container had what it needs, in milliseconds after its process was started; `undefined` where it had it not in time. */
export interface Start {
  readonly container: string;
  readonly firstPacketMs: number | undefined;
  /** `null` where nobody asked. */
  readonly firstNameMs: number | undefined | null;
}

/**
 * Starts containers one after another on each node, which ping a container on the other node and look for its name from their first
 * instruction on. The first one that has not all of it in time is the last one. Throws `Unsupported` where no engine starts containers.
 */
export async function measureStarts(context: ChapterContext & { scope: Scope }, timesPerNode: number): Promise<Start[]> {
  const { cluster, driver, declaration, scope } = context;
  if (declaration.capabilities.includes("cni")) {
    throw new Unsupported(`${declaration.name}: the process of a container runs before CNI plugins attach it`);
  }
  const nodes = twoNodes(cluster.nodes);
  const named = declaration.capabilities.includes("names");
  const network = await driver.createNetwork(scope);
  const neighbours = await Promise.all(nodes.map((node) => network.run(scope, node)));
  const starts: Start[] = [];
  for (let time = 0; time < timesPerNode && starts.every(isComplete); time++) {
    const own = scope.child(`the containers of round ${time + 1}`);
    const round = neighbours.map((neighbour, index) => {
      const node = nodes[1 - index]!;
      return startOne(own, network, { node, neighbour, named });
    });
    starts.push(...(await Promise.all(round)));
    await own.close();
  }
  return starts;
}

function isComplete({ firstPacketMs, firstNameMs }: Start): boolean {
  return firstPacketMs !== undefined && firstNameMs !== undefined;
}

async function startOne(
  scope: Scope,
  network: Network,
  { node, neighbour, named }: { node: Workload["node"]; neighbour: Workload; named: boolean },
): Promise<Start> {
  const { name, id } = await network.run(scope, node, { command: commandFor(neighbour) });
  const container = node.docker.getContainer(id);
  const { State } = await container.inspect();
  const startedAt = Date.parse(State.StartedAt);
  let lines: LogLine[] = [];
  const find = (pattern: RegExp) => {
    const line = lines.find(({ text }) => pattern.test(text));
    return line && Math.max(0, line.at - startedAt);
  };
  await until({ what: `the first packet and the first name of ${name}`, deadlineMs: dueMs }, async () => {
    lines = readLog(await container.logs({ stdout: true, timestamps: true }));
    return find(answered) !== undefined && (!named || find(foundName) !== undefined);
  }).catch((error: unknown) => {
    if (!(error instanceof DeadlineExceeded) || error.cause !== undefined) throw error;
  });
  return {
    container: `${name} on ${node.name}`,
    firstPacketMs: find(answered),
    firstNameMs: named ? find(foundName) : null,
  };
}

const answered = /bytes from/;
const foundName = /^named$/;

/** Two loops at once, from the first instruction on; what each comes to is a line of the log, to which the engine adds the time. */
function commandFor({ ip, name }: Workload): string[] {
  const ping = `ping -i 0.02 -c 1000 ${ip} 2>/dev/null`;
  const look = `until nslookup ${name} >/dev/null 2>&1; do :; done; echo named`;
  return ["sh", "-c", `${ping} & ${look}; wait`];
}

interface LogLine {
  /** Milliseconds since the epoch on the node's clock. */
  readonly at: number;
  readonly text: string;
}

/** A log as the engine sends it: a header of eight bytes, which has no digits that could be taken for a time, and a line with its time. */
function readLog(log: Buffer): LogLine[] {
  const lines = log.toString("latin1").matchAll(/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z) (.*)/g);
  return [...lines].map(([, at = "", text = ""]) => ({ at: Date.parse(at), text: text.trim() }));
}
