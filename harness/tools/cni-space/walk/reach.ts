import type { Container } from "#harness/cni/testbed/container.ts";
import { answersPing } from "#harness/cni/testbed/inside.ts";
import { gateway, gateway6 } from "#harness/cni/testbed/profiles.ts";
import type { Testbed } from "#harness/cni/testbed/testbed.ts";
import { Nonconformance } from "#harness/core/errors.ts";
import { addressOf, familyOf } from "#harness/core/ip.ts";
import { ProbeAgent } from "#harness/host/agent/agent.ts";
import type { Reach as Answer } from "#harness/host/agent/reach.ts";
import type { PortPath, Reach } from "#harness/tools/cni-space/option.ts";

/** The addresses that a container was given, without prefix. */
export function addressesOf({ result, prevResult }: Container): string[] {
  return (
    ((result?.ips?.length ?? 0) > 0 ? result : prevResult)?.ips?.map(({ address }) => addressOf(address)) ??
    []
  );
}

/** The host pings every address of a container. Throws `Nonconformance`. */
export async function pingFromHost(
  testbed: Testbed,
  container: Container,
  { via }: NonNullable<Reach["host"]>,
): Promise<void> {
  const addresses = addressesOf(container);
  if (via !== undefined) {
    const lines = addresses.flatMap((address) => {
      const own = familyOf(address) === 4 ? `${gateway}/32` : `${gateway6}/128 nodad`;
      return [
        `ip -n $HOST address replace ${own} dev ${via}`,
        `ip -n $HOST -${familyOf(address)} route replace ${address} dev ${via} src ${familyOf(address) === 4 ? gateway : gateway6}`,
      ];
    });
    await testbed.shell(lines.join("\n"), container);
  }
  await expectAnswers(testbed, testbed.name, "the host", addresses);
}

/** Each of two containers pings every address of the other. Throws `Nonconformance`. */
export async function pingBetween(testbed: Testbed, one: Container, other: Container): Promise<void> {
  await expectAnswers(testbed, one.name, `container ${one.index}`, addressesOf(other));
  await expectAnswers(testbed, other.name, `container ${other.index}`, addressesOf(one));
}

async function expectAnswers(
  { plugin }: Testbed,
  from: string,
  who: string,
  addresses: readonly string[],
): Promise<void> {
  const answers = await Promise.all(addresses.map((address) => answersPing(plugin.host, from, address)));
  const silent = addresses.filter((_, at) => !answers[at]);
  if (silent.length === 0) return;
  throw new Nonconformance({
    who,
    expected: `${addresses.join(" and ")} to answer to ping`,
    got: `nothing from ${silent.join(" and ")}`,
  });
}

/** What listens in the container is reached by each port of the host. Throws `Nonconformance`. */
export async function connectToPorts(
  { plugin, name }: Testbed,
  { netns, id }: Container,
  paths: readonly PortPath[],
): Promise<void> {
  const { host } = plugin;
  await using inside = await ProbeAgent.start(host, netns);
  await using outside = await ProbeAgent.start(host, `/run/netns/${name}`);
  for (const { protocol, containerPort, address, port } of paths) {
    await using _listening = await inside.listen({ protocol, ports: [containerPort], identity: id });
    const answer: Answer = await outside.connect({ protocol, address, port });
    if (answer.state === "open" && answer.identity === id) continue;
    throw new Nonconformance({
      who: "the host",
      expected: `${protocol} port ${containerPort} of the container to answer at ${address} port ${port}`,
      got: answer.state,
    });
  }
}
