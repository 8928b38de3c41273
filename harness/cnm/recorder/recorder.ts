import { rmSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json, text } from "node:stream/consumers";
import type { Exchange } from "#harness/cnm/protocol/exchange.ts";
import type { HeldResources } from "#harness/cnm/rules/conversation.ts";
import type { RuleViolation } from "#harness/cnm/rules/rules.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Scope } from "#harness/core/scope.ts";
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
  /** What the plugin holds now: everything made and not unmade. */
  held(): Promise<HeldResources>;
  /** Injects a fault into the next calls that fit; `times` is finite. */
  inject(injection: Injection): Promise<RecorderInjection>;
}

/** Makes proxies reachable from other processes, until `scope` closes. Resolves to the address for `connectRecorder`. */
export async function serveRecorder(
  scope: Scope,
  proxies: readonly RecordingProxy[],
  name: string,
): Promise<string> {
  const path = join(tmpdir(), `netconform-recorder-${name}.sock`);
  const methods = methodsOf(proxies);
  const server = createServer(async (incoming, response) => {
    try {
      const method = methods[(incoming.url ?? "").slice(1) as keyof Methods] as (given: unknown) => unknown;
      if (!method) throw new Error(`there is no method ${incoming.url}`);
      response.end(JSON.stringify({ result: method(await json(incoming)) ?? null }));
    } catch (error) {
      response.statusCode = 400;
      response.end(JSON.stringify({ error: String(error) }));
    }
  });
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  // A run that keeps its cluster ends without closing anything.
  server.unref();
  scope.defer(`the recorder ${path}`, () => {
    server.close();
    server.closeAllConnections();
    rmSync(path, { force: true });
  });
  return path;
}

/** The recorder that `serveRecorder` opened at `path`. */
export function connectRecorder(path: string): ProtocolRecorder {
  const ask = <Name extends keyof Methods>(name: Name, given: Parameters<Methods[Name]>[0]) =>
    post(path, name, given) as Promise<ReturnType<Methods[Name]>>;
  return {
    mark: () => ask("mark", {}),
    since: (mark) => ask("since", { mark }),
    held: () => ask("held", {}),
    inject: async (injection) => {
      const id = await ask("inject", injection);
      return { used: () => ask("used", { id }), stop: async () => void (await ask("stop", { id })) };
    },
  };
}

interface Methods {
  mark(given: object): Mark;
  since(given: { mark: Mark }): Recording;
  held(given: object): HeldResources;
  inject(given: Injection): number;
  used(given: { id: number }): number;
  stop(given: { id: number }): null;
}

function methodsOf(proxies: readonly RecordingProxy[]): Methods {
  const injections: ActiveInjection[][] = [];
  return {
    mark: () => proxies.map(({ exchanges }) => exchanges.length),
    since: ({ mark }) => ({
      exchanges: proxies
        .flatMap(({ exchanges }, index) => exchanges.slice(mark[index]))
        .sort((one, other) => one.endedAt - other.endedAt),
      findings: proxies.flatMap((proxy, index) => proxy.findings(mark[index])),
    }),
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
    inject: (injection) => injections.push(proxies.map((proxy) => proxy.inject(injection))) - 1,
    used: ({ id }) => (injections[id] ?? []).reduce((sum, { used }) => sum + used, 0),
    stop: ({ id }) => {
      for (const injection of injections[id] ?? []) injection.stop();
      return null;
    },
  };
}

async function post(path: string, name: string, given: object): Promise<unknown> {
  const answer = await new Promise<string>((resolve, reject) => {
    const call = request({ socketPath: path, path: `/${name}`, method: "POST" }, (response) => {
      text(response).then(resolve, reject);
    });
    call.on("error", (cause) =>
      reject(new HarnessError(`the recording proxies do not answer at ${path}: ${cause.message}`, { cause })),
    );
    call.end(JSON.stringify(given));
  });
  const { result, error } = JSON.parse(answer) as { result?: unknown; error?: string };
  if (error !== undefined) throw new HarnessError(`the recording proxies refused ${name}: ${error}`);
  return result;
}
