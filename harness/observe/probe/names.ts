import type { ProbeAgent } from "#harness/host/agent/agent.ts";
import { isUnsent, type Resolution, refusesToSend } from "#harness/host/agent/reach.ts";
import type { ExecResult } from "#harness/host/host.ts";
import { formatCommand } from "#harness/host/shell.ts";
import type { Probe } from "#harness/observe/hop/hop.ts";
import type { ByHand } from "#harness/observe/second-look/by-hand.ts";
import { type FailedCheck, failureOf } from "#harness/observe/second-look/failure.ts";
import { besideControl, deadlineOf, type ObservationWindow, observe } from "./control.ts";
import { tellUnsent, untilSeen } from "./expectation.ts";
import type { Peer } from "./service.ts";

/** Where an engine serves DNS inside the namespace of a container on a user-defined network. */
export const embeddedDns = "127.0.0.11";

export interface Question {
  name: string;
  /** Default: that of the peer that asks, or the engine's embedded DNS. */
  nameserver?: string;
  /** Default `A`. */
  type?: "A" | "AAAA";
}

/** A name server of the harness that writes down what it is asked, on the host of whom it serves. */
export interface LoggedServer {
  readonly address: string;
  /** The file in which it does. */
  readonly logFile: string;
  /** Questions for a name so far, in its words. */
  questions(name: string): Promise<readonly string[]>;
}

/** Passes once the name server gives exactly `addresses` (in any order) for the name. Throws `Nonconformance` otherwise. */
export async function expectName(
  from: Peer,
  asked: Question & { addresses: readonly string[] },
  options: { deadlineMs?: number; timeoutMs?: number } = {},
): Promise<void> {
  const { deadlineMs = 10_000, timeoutMs = 2_000 } = options;
  const question = { ...asked, ...addressed(from, asked) };
  const agent = await from.agent();
  const wanted = [...question.addresses].sort().join(" ");
  await untilSeen({
    who: `${from.name} asking ${question.nameserver} for ${question.name}`,
    expected: wanted,
    deadlineMs,
    byHand: queryByHand(agent, question, (told) => told !== wanted),
    probe: probeOf(from, question),
    look: () => agent.resolve({ ...addressed(from, question), timeoutMs }),
    accept: (seen): seen is Resolution =>
      seen.state === "resolved" && [...seen.addresses].sort().join(" ") === wanted,
    describe: describeResolution,
  });
}

/**
 * Passes when the name server gives no address for the name during the window, while the control, another name, resolves at the
 * same server before and after. Throws `ProbeFailed` when the control fails.
 */
export async function expectNoName(
  from: Peer,
  asked: Question,
  options: ObservationWindow & {
    control: Question & { addresses: readonly string[] };
    unasked?: LoggedServer;
    timeoutMs?: number;
  },
): Promise<void> {
  const { control, unasked, timeoutMs = 2_000 } = options;
  const question = addressed(from, asked);
  const agent = await from.agent();
  await besideControl(
    () => expectName(from, control, deadlineOf(options)),
    async () => {
      const observed = await observe(
        `${question.name} to stay unknown to ${from.name}`,
        options,
        () => agent.resolve({ ...question, timeoutMs }),
        (seen) => seen.state !== "resolved",
      );
      const failure = (check: Pick<FailedCheck, "expected" | "got" | "byHand">) =>
        failureOf({
          who: `${from.name} asking ${question.nameserver} for ${question.name}`,
          ...check,
          probe: {
            ...probeOf(from, question),
            unwanted: true,
            again: () => agent.resolve({ ...question, timeoutMs }),
          },
        });
      if (!observed.held) {
        throw await failure({
          expected: "no address",
          got: `${describeResolution(observed.seen)} after ${observed.afterMs} ms`,
          byHand: queryByHand(agent, question, (told) => told !== ""),
        });
      }
      if (isUnsent(observed.last)) tellUnsent(from, question.nameserver);
      const [passedOn] = (await unasked?.questions(question.name)) ?? [];
      if (unasked === undefined || passedOn === undefined) return;
      throw await failure({
        expected: "nobody else to be asked",
        got: `${describeResolution(observed.last)}, but ${unasked.address} was asked: ${passedOn}`,
        byHand: passedOnByHand(agent, question, unasked),
      });
    },
  );
}

/** A question to a name server, to be followed; that of one in the client's own namespace is what it asks in turn. */
function probeOf(
  from: Peer,
  { name, nameserver }: Question & { nameserver: string },
): Omit<Probe, "again" | "marker"> {
  const passedOn = nameserver === embeddedDns ? name : undefined;
  return { from, to: { name: nameserver }, protocol: "udp", address: nameserver, ports: [53], passedOn };
}

/** `10.1.1.2 10.1.1.3`, `nxdomain`, `no answer`, `failed (SERVFAIL)`. */
function describeResolution(resolution: Resolution): string {
  if (resolution.state === "resolved") return resolution.addresses.join(" ");
  if (isUnsent(resolution)) return `${resolution.state} (${refusesToSend})`;
  return resolution.state === "failed" ? `failed (${resolution.rcode})` : resolution.state;
}

function addressed(from: Peer, { name, nameserver, type }: Question): Question & { nameserver: string } {
  return { name, nameserver: nameserver ?? from.nameserver ?? embeddedDns, ...(type ? { type } : {}) };
}

/** `shows` is given the addresses that were told, sorted. */
function queryByHand(
  agent: ProbeAgent,
  question: Question & { nameserver: string },
  shows: (told: string) => boolean,
): ByHand {
  const argv = nslookup(agent, question);
  return { host: agent.host, argv, shows: (result) => result.code !== 127 && shows(addressesTold(result)) };
}

/** Asks for a name below that one, which is not in the log yet, and looks whether it is then. */
function passedOnByHand(
  agent: ProbeAgent,
  question: Question & { nameserver: string },
  { logFile }: LoggedServer,
): ByHand {
  const name = `by-hand.${question.name}`;
  const asks = formatCommand(nslookup(agent, { ...question, name }));
  const looks = formatCommand(["grep", "--fixed-strings", ` ${name} from `, logFile]);
  return {
    host: agent.host,
    argv: ["sh", "-c", `${asks}; ${looks}`],
    shows: ({ code }) => code === 0,
  };
}

/** In a container its own nslookup asks, since nodes have none. */
function nslookup(
  agent: ProbeAgent,
  { name, nameserver, type = "A" }: Question & { nameserver: string },
): string[] {
  const [, process] = /^\/proc\/(\d+)\/ns\/net$/.exec(agent.netns ?? "") ?? [];
  const inside = process
    ? ["nsenter", `--target=${process}`, "--net", "--mount"]
    : agent.netns
      ? ["nsenter", `--net=${agent.netns}`]
      : [];
  return ["timeout", "2", ...inside, "nslookup", `-type=${type}`, name, nameserver];
}

/** The addresses in the answer of nslookup, which names the server first. */
function addressesTold({ stdout }: ExecResult): string {
  const [, ...answers] = stdout.split(/^Name:.*$/m);
  const told = answers.flatMap((answer) => [...answer.matchAll(/^Address:\s*(\S+)/gm)].map(([, one]) => one));
  return [...told].sort().join(" ");
}
