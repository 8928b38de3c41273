import type { Nonconformance } from "#harness/core/errors.ts";
import type { Ports } from "#harness/host/agent/agent.ts";
import { connectByHand, describeReach, isUnsent, type Reach } from "#harness/host/agent/reach.ts";
import {
  besideControl,
  deadlineOf,
  type ObservationWindow,
  observe,
} from "#harness/observe/probe/control.ts";
import { tellUnsent, untilSeen } from "#harness/observe/probe/expectation.ts";
import { isBlocked, isOpen } from "#harness/observe/probe/reachability.ts";
import { type Peer, type ProbeService, probeOf } from "#harness/observe/probe/service.ts";
import { failureOf } from "#harness/observe/second-look/failure.ts";

/** Client name → port → what the client found there. */
export type TruthTable = Map<string, Map<number, Reach>>;

export interface TableOptions extends ObservationWindow {
  /** A client that must find every port open, before and after. */
  control: Peer;
  /** Ports to scan; default: all of the service. */
  ports?: Ports;
  /** Milliseconds per scan, whatever the number of ports; default 1000. */
  timeoutMs?: number;
}

/** Scans the ports of a service from all clients at once. Client names must differ. */
export async function readTruthTable(
  clients: readonly Peer[],
  service: ProbeService,
  options: Pick<TableOptions, "ports" | "timeoutMs"> = {},
): Promise<TruthTable> {
  const { ports = service.ports, timeoutMs = 1_000 } = options;
  const rows = clients.map(async (client): Promise<[string, Map<number, Reach>]> => {
    const agent = await client.agent();
    const { protocol, peer } = service;
    return [client.name, await agent.scan({ protocol, address: peer.ip, ports, timeoutMs })];
  });
  return new Map(await Promise.all(rows));
}

/**
 * Passes when every cell is open where `allows` says so and blocked elsewhere, throughout the window, while the control client
 * finds every port open before and after. Throws one `Nonconformance` that names every wrong cell, `ProbeFailed` when the control fails.
 */
export async function expectTruthTable(
  clients: readonly Peer[],
  service: ProbeService,
  allows: (client: string, port: number) => boolean,
  options: TableOptions,
): Promise<TruthTable> {
  return besideControl(
    () => expectAllOpen(options.control, service, options),
    async () => {
      const observed = await observe(
        `the truth table of ${service.peer.name}`,
        options,
        () => readTruthTable(clients, service, options),
        (table) => wrongCells(table, service, allows).length === 0,
      );
      if (observed.held) {
        for (const [client, row] of observed.last) {
          if ([...row.values()].some(isUnsent)) tellUnsent({ name: client }, service.peer.name);
        }
        return observed.last;
      }
      throw await tableFailure(clients, service, wrongCells(observed.seen, service, allows));
    },
  );
}

async function expectAllOpen(client: Peer, service: ProbeService, options: TableOptions): Promise<void> {
  const agent = await client.agent();
  const { protocol, peer } = service;
  const first = service.at(service.ports[0] ?? 0);
  await untilSeen({
    who: `${client.name} to ${peer.name} (${protocol} ${peer.ip})`,
    expected: "every port open",
    ...deadlineOf(options),
    byHand: {
      host: agent.host,
      argv: connectByHand(agent.netns, first),
      shows: ({ stdout }) => stdout.trim() !== service.identity,
    },
    probe: probeOf(client, first),
    look: async () => wrongCells(await readTruthTable([client], service, options), service, () => true),
    accept: (wrong): wrong is WrongCell[] => wrong.length === 0,
    describe: describeWrong,
  });
}

interface WrongCell {
  client: string;
  port: number;
  expected: "open" | "blocked";
  got: string;
}

function wrongCells(
  table: TruthTable,
  service: ProbeService,
  allows: (client: string, port: number) => boolean,
): WrongCell[] {
  const wrong: WrongCell[] = [];
  for (const [client, row] of table) {
    for (const [port, reach] of row) {
      const expected = allows(client, port) ? "open" : "blocked";
      const right = expected === "open" ? isOpen(reach, service) : isBlocked(reach);
      if (!right) wrong.push({ client, port, expected, got: describeReach(reach) });
    }
  }
  return wrong;
}

async function tableFailure(
  clients: readonly Peer[],
  service: ProbeService,
  wrong: WrongCell[],
): Promise<Nonconformance> {
  const first = wrong[0]!;
  const client = clients.find(({ name }) => name === first.client)!;
  const agent = await client.agent();
  const { protocol, peer } = service;
  const target = service.at(first.port);
  return failureOf({
    who: `${first.client} to ${peer.name} (${protocol} ${peer.ip}:${first.port})`,
    expected: first.expected,
    got: wrong.length === 1 ? first.got : `${first.got}, and ${wrong.length - 1} more wrong`,
    details: describeWrong(wrong),
    byHand: {
      host: agent.host,
      argv: connectByHand(agent.netns, target),
      shows: ({ stdout }) => (stdout.trim() === service.identity) !== (first.expected === "open"),
    },
    probe: {
      ...probeOf(client, target),
      ...(first.expected === "open" ? {} : { unwanted: true }),
      again: () => agent.connect({ ...target, timeoutMs: 1_000 }),
    },
  });
}

/** One line per run of neighbouring ports that are wrong in the same way. */
export function describeWrong(wrong: readonly WrongCell[]): string {
  const runs: (WrongCell & { to: number })[] = [];
  for (const cell of wrong) {
    const run = runs.at(-1);
    const continues =
      run && run.client === cell.client && run.got === cell.got && run.expected === cell.expected;
    if (continues && cell.port === run.to + 1) run.to = cell.port;
    else runs.push({ ...cell, to: cell.port });
  }
  return runs
    .map(
      ({ client, port, to, expected, got }) =>
        `  ${client}: port ${port === to ? port : `${port}-${to}`} expected ${expected}, got ${got}`,
    )
    .join("\n");
}
