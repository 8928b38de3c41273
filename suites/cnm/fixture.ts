import type { Duplex } from "node:stream";
import { inject } from "vitest";
import { textField } from "#harness/cnm/client/answers.ts";
import { PluginClient, type PluginSocket } from "#harness/cnm/client/client.ts";
import { PlayedEngine, type PluginFacts } from "#harness/cnm/client/engine.ts";
import {
  curlCommand,
  curlLine,
  describeExchange,
  type Exchange,
  fieldsOf,
  isQuestion,
  type ReadExchange,
  readExchange,
} from "#harness/cnm/protocol/exchange.ts";
import { checkConversation } from "#harness/cnm/rules/conversation.ts";
import { checkExchange, toNonconformance } from "#harness/cnm/rules/rules.ts";
import { locatePlugin, type PluginPlace } from "#harness/conformance/cnm-run/plugin-place.ts";
import type { TestTools } from "#harness/conformance/suite/tools.ts";
import { workerSettings } from "#harness/conformance/suite/worker-settings.ts";
import { conformanceSuite, type Suite } from "#harness/conformance/suite.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError, Nonconformance, Unsupported } from "#harness/core/errors.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import type { ExecResult, Host } from "#harness/host/host.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import type { EvidenceFile } from "#harness/observe/evidence.ts";
import { applicability, isAskedBy } from "#suites/requirements/applicability/applicability.ts";
import { type RequirementId, requirementOf } from "#suites/requirements/catalogue.ts";
import type { PlayedVersion } from "#suites/requirements/played-engine.ts";
import type { CnmRequirementId } from "#suites/requirements/rules/cnm.ts";
import { serveReferencePlugin } from "./reference.ts";

/** The plugin under test, as it introduced itself. */
export interface CnmContext {
  readonly socket: PluginSocket;
  /** The machine whose interfaces the plugin makes. Throws `Blocked` where it cannot be looked at from here. */
  readonly host: () => Host;
  /** From where the plugin's socket is reached at its address. */
  readonly near: Host;
  readonly facts: PluginFacts;
  /** The engine that is played. */
  readonly engine: PlayedVersion;
  /** Options for every network, as a user would give with `-o`. */
  readonly options: Readonly<Record<string, string>>;
  readonly transcript: Exchange[];
  /** Interfaces that the plugin named in its answers to Join. */
  readonly interfaces: Set<string>;
}

export type CnmSuite = Suite<CnmContext>;
export type CnmTest = CnmContext & TestTools;

/** A suite of the CNM protocol suite: no cluster, no engine, one plugin socket. */
export function cnmSuite(define: (suite: CnmSuite) => void): void {
  const engine = inject("playedEngine");
  conformanceSuite<CnmContext>(
    { chapter: "cnm", open: (scope) => open(scope, engine), admit, collect },
    (suite) =>
      define({
        ...suite,
        requirement(id, ...test) {
          if (isAskedBy(engine, requirementOf(id))) suite.requirement(id, ...test);
        },
      }),
  );
}

async function open(scope: Scope, engine: PlayedVersion): Promise<CnmContext> {
  const settings = workerSettings();
  const { socket, host, near } = await findPlugin(settings, scope);
  const transcript: Exchange[] = [];
  const client = new PluginClient(socket, "suite", {
    engine,
    onExchange: (exchange) => transcript.push(exchange),
  });
  return {
    socket,
    host,
    near,
    engine,
    facts: await learnFacts(client),
    options: settings.PLUGIN_OPTIONS,
    transcript,
    interfaces: new Set(),
  };
}

/** The plugin at `PLUGIN`, or else the project's own. */
async function findPlugin(
  settings: Pick<Settings, "CACHE" | "FAULT" | "PLUGIN">,
  scope: Scope,
): Promise<PluginPlace> {
  const { PLUGIN, FAULT, CACHE } = settings;
  if (PLUGIN) return locatePlugin({ PLUGIN, CACHE }, scope);
  const local = new LocalHost();
  return { socket: await serveReferencePlugin(scope, local, FAULT), host: () => local, near: local };
}

/** What the engine asks when it loads a plugin. A plugin that answers badly is taken for one that declares nothing. */
export async function learnFacts(client: PluginClient): Promise<PluginFacts> {
  const activated = fieldsOf((await client.call("Plugin.Activate")).answer)?.Implements;
  const subsystems = new Set(Array.isArray(activated) ? activated.map(String) : []);
  const network = subsystems.has("NetworkDriver")
    ? await client.call("NetworkDriver.GetCapabilities")
    : undefined;
  const ipam = subsystems.has("IpamDriver") ? await client.call("IpamDriver.GetCapabilities") : undefined;
  const spaces = subsystems.has("IpamDriver")
    ? await client.call("IpamDriver.GetDefaultAddressSpaces")
    : undefined;
  const declares = (result: typeof network, name: string) => fieldsOf(result?.answer)?.[name] === true;
  return {
    subsystems,
    scope: (network && textField(network, "Scope")) ?? "",
    gwAllocChecker: declares(network, "GwAllocChecker"),
    requiresMac: declares(ipam, "RequiresMACAddress"),
    requiresReplay: declares(ipam, "RequiresRequestReplay"),
    spaces: {
      local: (spaces && textField(spaces, "LocalDefaultAddressSpace")) ?? "",
      global: (spaces && textField(spaces, "GlobalDefaultAddressSpace")) ?? "",
    },
  };
}

async function admit(id: RequirementId, context: CnmContext | undefined): Promise<void> {
  if (!context) return;
  const { engine, facts, socket } = context;
  const found = applicability(requirementOf(id), { on: "cnm", name: socket.name, engine, ...facts });
  if (found.answer === "unsupported") throw new Unsupported(found.reason);
}

async function collect({ transcript }: CnmContext): Promise<{ files: EvidenceFile[] }> {
  const lines = transcript.map((exchange) => `${JSON.stringify(exchange)}\n`);
  return { files: [{ name: "handshake.jsonl", content: lines.join("") }] };
}

/** Whose engine it is. */
const tests = new WeakMap<PlayedEngine, CnmTest>();

/** An engine of the test's own, whose exchanges are evidence of the test in a file of that name. */
export function play(test: CnmTest, name = "exchanges"): PlayedEngine {
  const client = new PluginClient(test.socket, "suite", {
    engine: test.engine,
    onExchange(exchange) {
      test.reproduce(curlLine(test.socket.address, exchange), {
        notRun: "the failure may be in more than this answer",
      });
      const name = sourceName(readExchange(exchange));
      if (exchange.call === "NetworkDriver.Join" && name) test.interfaces.add(name);
    },
  });
  test.keep({
    name: `${name}.jsonl`,
    get content() {
      return client.exchanges.map((exchange) => `${JSON.stringify(exchange)}\n`).join("");
    },
  });
  const engine = new PlayedEngine({ client, facts: test.facts, options: test.options, scope: test.scope });
  tests.set(engine, test);
  return engine;
}

/** The line that makes a call again whose answer is wrong; it is run where the call only asks, and shows that where the answer is the same. */
function reproduceAnswer({ socket, near, reproduce }: CnmTest, exchange: Exchange): void {
  const argv = curlCommand(socket.address, exchange);
  const shows = ({ code, stdout }: ExecResult) =>
    exchange.answer === null ? code !== 0 : code === 0 && stdout.trim() === exchange.answer.trim();
  reproduce(
    curlLine(socket.address, exchange),
    isQuestion(exchange.call)
      ? { host: near, argv, shows }
      : { notRun: `${exchange.call} changes what the plugin has` },
  );
}

/** A connection to do with as no engine would; closes with the test. A plugin that has stopped listening is at fault. */
export async function connectRaw(test: CnmTest): Promise<Duplex> {
  const stream = await test.socket.connect().catch((error: Error) => {
    throw new Nonconformance({ who: test.socket.name, expected: "to be listening", got: error.message });
  });
  stream.on("error", () => {}); // the plugin may give up on us, which is its right
  test.scope.defer("a connection", () => void stream.destroy());
  return stream;
}

/** SrcName of a Join's answer; empty when there is none that is a text. */
export function sourceName({ answer }: ReadExchange): string {
  const name = fieldsOf(fieldsOf(answer)?.InterfaceName)?.SrcName;
  return typeof name === "string" ? name : "";
}

/** Whether the host has an interface of that name. */
export async function interfaceExists(host: Host, name: string): Promise<boolean> {
  // Longer than any kernel's, or no argument of a process at all.
  if (name.length > 127 || name.includes("\0")) return false;
  return (await host.exec(["ip", "link", "show", "dev", name])).code === 0;
}

/** Fails the test with the first rule of `requirement` that the exchanges of this engine broke. */
export function holds(engine: PlayedEngine, requirement: CnmRequirementId): void {
  const { exchanges } = engine.client;
  const findings = [...exchanges.flatMap(checkExchange), ...checkConversation(exchanges)];
  const finding = findings.find((one) => one.requirement === requirement);
  if (!finding) return;
  const test = tests.get(engine);
  if (test) reproduceAnswer(test, finding.exchange);
  throw toNonconformance(finding);
}

/** Every call got an answer, whatever it says. */
export function allAnswered({ client: { exchanges } }: Pick<PlayedEngine, "client">): void {
  if (exchanges.length === 0) throw new HarnessError("no call was made");
  const lost = exchanges.find(({ answer }) => answer === null);
  if (!lost) return;
  throw new Nonconformance({
    who: lost.plugin,
    expected: `${lost.call} to be answered`,
    got: lost.failure ?? "no answer",
    evidence: describeExchange(lost),
  });
}
