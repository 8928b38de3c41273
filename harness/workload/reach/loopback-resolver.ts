import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { nodeEngineCommand } from "#harness/cluster/images/node-contract.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { ProbeFailed, Unsupported } from "#harness/core/errors.ts";
import { uniqueMarker } from "#harness/host/agent/agent.ts";
import { withUndo } from "#harness/host/with-undo.ts";
import { expectName, type LoggedServer, type Question } from "#harness/observe/probe/names.ts";
import type { Peer } from "#harness/observe/probe/service.ts";

/** Not 127.0.0.53: engines take that for systemd-resolved, and ask the servers that it has instead. */
const address = "127.0.0.2";
const pidFile = "/run/netconform-loopback.pid";
const configuration = "/run/netconform-loopback.conf";
const logFile = "/run/netconform-loopback.log";
const resolvConf = "/etc/resolv.conf";
/** RFC 6761 reserves it. */
const domain = "netconform.test";

type RecordType = NonNullable<Question["type"]>;

/** The types of records that it has of every name. */
export const recordTypes: readonly RecordType[] = ["A", "AAAA"];
/** RFC 5737 and RFC 3849 reserve these. */
const addresses: Readonly<Record<RecordType, string>> = { A: "192.0.2.53", AAAA: "2001:db8::53" };

/** A name server on a node's loopback. */
export interface LoopbackResolver extends LoggedServer {
  /** A name that it alone knows, and that nobody has asked for. */
  newName(): string;
}

/**
 * Starts a name server on the loopback of a node, which has no other one until `scope` closes; engines read that when a container starts.
 * Throws `Unsupported`, with nothing done, on a host that the project did not make, where others ask its resolver.
 */
export async function resolveOnLoopback(scope: Scope, node: ClusterNode): Promise<LoopbackResolver> {
  if (!(await node.files.exists(nodeEngineCommand))) {
    throw new Unsupported(`${node.name} keeps its resolver: others may ask it`);
  }
  scope.defer(`${logFile} on ${node.name}`, () => node.files.remove(logFile));
  await withUndo(
    scope,
    node,
    [
      ...["dnsmasq", "--conf-file=/dev/null", "--user=root", "--no-resolv", "--no-hosts"],
      ...[`--listen-address=${address}`, "--bind-interfaces", `--pid-file=${pidFile}`],
      ...["--log-queries", `--log-facility=${logFile}`],
      ...recordTypes.map((type) => `--address=/${domain}/${addresses[type]}`),
    ],
    ["pkill", "--pidfile", pidFile],
  );
  await node.files.write(configuration, `nameserver ${address}\n`);
  scope.defer(`${configuration} on ${node.name}`, () => node.files.remove(configuration));
  // The file of a container cannot be replaced, and that of systemd is a link.
  await withUndo(scope, node, ["mount", "--bind", configuration, resolvConf], ["umount", resolvConf]);
  return {
    address,
    logFile,
    newName: () => `only-${uniqueMarker()}.${domain}`,
    questions: async (name) => questionsIn(await node.files.readText(logFile), name),
  };
}

/**
 * Passes once a peer is told what the resolver alone knows of a name, and its question is in the log: where it is not, the log tells nothing of
 * others either, and `ProbeFailed` is thrown. Throws `Nonconformance` where the peer is told something else before a deadline.
 */
export async function expectTold(
  from: Peer,
  resolver: LoopbackResolver,
  { type = "A", nameserver }: Pick<Question, "type" | "nameserver"> = {},
): Promise<void> {
  const name = resolver.newName();
  await expectName(from, { name, type, addresses: [addresses[type]], ...(nameserver ? { nameserver } : {}) });
  const asked = await resolver.questions(name);
  if (asked.some((question) => question.startsWith(`query[${type}] `))) return;
  throw new ProbeFailed(`${from.name} was told of ${name}, and ${logFile} has no such question`, {
    hint: "the resolver on loopback must log what it is asked",
  });
}

/** `query[A] x.netconform.test from 127.0.0.1`: what dnsmasq wrote down of questions for a name. */
function questionsIn(log: string, name: string): string[] {
  return log.split("\n").flatMap((line) => {
    const [question] = /query\[\w+\] \S+ from \S+$/.exec(line) ?? [];
    return question?.split(" ")[1] === name ? [question] : [];
  });
}
