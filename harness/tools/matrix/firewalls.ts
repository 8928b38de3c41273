import type Docker from "dockerode";
import { runIn } from "#harness/cluster/engines/ask-image.ts";
import type { Firewall } from "#reports/matrix/schema.ts";

/**
 * Which of the wanted firewall back ends nodes of that image cannot have, with the reason: the kernel may have been built
 * without one of them. Asked in a container that is gone afterwards.
 */
export async function firewallsOffered(
  docker: Docker,
  image: string,
  wanted: readonly Firewall[],
): Promise<Map<Firewall, string>> {
  const answers = await Promise.all(
    wanted.map(async (firewall) => [firewall, await ask(docker, image, firewall)] as const),
  );
  return new Map(answers.flatMap(([firewall, reason]) => (reason === undefined ? [] : [[firewall, reason]])));
}

async function ask(docker: Docker, image: string, firewall: Firewall): Promise<string | undefined> {
  const argv = [`/usr/sbin/iptables-${firewall}`, "--table", "nat", "--list", "--numeric"];
  const { code, said } = await runIn(docker, image, argv);
  if (code === 0) return undefined;
  return `nodes cannot have iptables-${firewall}: ${argv.join(" ")} ended with ${code}: ${said}`;
}
