import type { Exchange } from "#harness/cnm/protocol/exchange.ts";
import type { HeldResources } from "#harness/cnm/rules/conversation.ts";
import type { RuleViolation } from "#harness/cnm/rules/rules.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { scratchSocket } from "#harness/core/process/scratch.ts";
import { type GivenTo, type ResultOf, RpcError } from "#harness/core/rpc/messages.ts";
import type { Handlers } from "#harness/core/rpc/server.ts";
import { callSocket, serveSocket } from "#harness/core/rpc/socket.ts";
import type { ActiveInjection, Injection } from "./injection.ts";
import type { RecordingProxy } from "./proxy.ts";

/** A position in the recording; opaque to the caller. */
export type Mark = readonly number[];

/** The exchanges of engines and plugin since a mark, and what the rules say of them. */
export interface Recording {
  /** In the order of the answers, across the plugins of all nodes. */
  readonly exchanges: readonly Exchange[];
  /** Rules that the plugin broke in them. */
  readonly findings: readonly RuleViolation[];
}

/** A fault that is at work. */
export interface RecorderInjection {
  /** Calls that it was injected into so far. */
  used(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * The recording proxies between the engines and a plugin, as a test process sees them: the proxies themselves live in the
 * process that owns the run. Every method throws `HarnessError` when that process does not answer.
 */
export interface ProtocolRecorder {
  mark(): Promise<Mark>;
  since(mark: Mark): Promise<Recording>;
  /** What the plugin lists in its answer to `Plugin.Activate`; asked where no engine has asked while it was recorded. */
  subsystems(): Promise<ReadonlySet<string>>;
  /** What the plugin holds now: everything made and not unmade. */
  held(): Promise<HeldResources>;
  /** Says that a node is lost for good, by its name: what its engine had is free without its word. */
  giveUp(node: string): Promise<void>;
  /** Injects a fault into the next calls that fit; `times` is finite. */
  inject(injection: Injection): Promise<RecorderInjection>;
}

/** Makes proxies reachable from other processes, until `scope` closes. Resolves to the address for `connectRecorder`. */
export async function serveRecorder(scope: Scope, proxies: readonly RecordingProxy[]): Promise<string> {
  const path = scratchSocket(scope, "recorder");
  const served = await serveSocket<Methods>(path, methodsOf(proxies));
  // A run that keeps its cluster ends without closing anything.
  served.unref();
  scope.defer(`the recorder ${path}`, () => served.close());
  return path;
}

/** The recorder that `serveRecorder` opened at `path`. */
export function connectRecorder(path: string): ProtocolRecorder {
  const ask = <Name extends keyof Methods>(name: Name, given: GivenTo<Methods, Name>) =>
    askRecorder(path, name, given);
  return {
    mark: () => ask("mark", {}),
    since: (mark) => ask("since", { mark }),
    subsystems: async () => new Set(await ask("subsystems", {})),
    held: () => ask("held", {}),
    giveUp: async (node) => void (await ask("giveUp", { node })),
    inject: async (injection) => {
      const id = await ask("inject", injection);
      return { used: () => ask("used", { id }), stop: async () => void (await ask("stop", { id })) };
    },
  };
}

interface Methods {
  mark(given: object): Mark;
  since(given: { mark: Mark }): Recording;
  subsystems(given: object): Promise<string[]>;
  held(given: object): HeldResources;
  giveUp(given: { node: string }): null;
  inject(given: Injection): number;
  used(given: { id: number }): number;
  stop(given: { id: number }): null;
}

function methodsOf(proxies: readonly RecordingProxy[]): Handlers<Methods> {
  const injections: ActiveInjection[][] = [];
  return {
    mark: () => proxies.map(({ exchanges }) => exchanges.length),
    since: ({ mark }) => ({
      exchanges: proxies
        .flatMap(({ exchanges }, index) => exchanges.slice(mark[index]))
        .sort((one, other) => one.endedAt - other.endedAt),
      findings: proxies.flatMap((proxy, index) => proxy.findings(mark[index])),
    }),
    subsystems: async () => (await Promise.all(proxies.map((proxy) => proxy.subsystems()))).flat(),
    held: () => {
      const all = proxies.map((proxy) => proxy.held());
      return {
        networks: all.flatMap(({ networks }) => networks),
        endpoints: all.flatMap(({ endpoints }) => endpoints),
        joins: all.flatMap(({ joins }) => joins),
        pools: all.flatMap(({ pools }) => pools),
        addresses: all.flatMap(({ addresses }) => addresses),
      };
    },
    giveUp: ({ node }) => {
      for (const proxy of proxies) proxy.giveUp(node);
      return null;
    },
    inject: (injection) => injections.push(proxies.map((proxy) => proxy.inject(injection))) - 1,
    used: ({ id }) => (injections[id] ?? []).reduce((sum, { used }) => sum + used, 0),
    stop: ({ id }) => {
      for (const injection of injections[id] ?? []) injection.stop();
      return null;
    },
  };
}

async function askRecorder<Name extends keyof Methods>(
  path: string,
  name: Name,
  given: GivenTo<Methods, Name>,
): Promise<ResultOf<Methods, Name>> {
  const lost = (reason: string, cause?: Error) =>
    new HarnessError(`the recording proxies do not answer at ${path}: ${reason}`, { cause });
  try {
    return await callSocket<Methods, Name>(path, name, given, { lost });
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    throw new HarnessError(`the recording proxies refused ${name}: ${error.message}`);
  }
}
