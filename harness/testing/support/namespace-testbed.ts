import { randomBytes } from "node:crypto";
import { Scope } from "#harness/core/async/scope.ts";
import { ProbeAgent } from "#harness/host/agent/agent.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";

/**
 * Three network namespaces in a row, for the project's own tests: `client` —1500— `router` —1300— `far`.
 * IPv4 and IPv6 on both links, forwarding in the middle. Needs root and iproute2.
 */
export interface NamespaceTestbed extends AsyncDisposable {
  readonly host: LocalHost;
  readonly client: TestNamespace;
  readonly router: TestNamespace;
  readonly far: TestNamespace;
}

export interface TestNamespace {
  readonly netns: string;
  readonly ip: string;
  readonly ip6: string;
  readonly agent: ProbeAgent;
  /** Runs a command of this machine in the namespace; throws when it fails. */
  run(...argv: string[]): Promise<string>;
}

/** Builds the namespaces under unique names; disposal removes them. */
export async function createTestbed(): Promise<NamespaceTestbed> {
  const host = new LocalHost();
  const scope = new Scope("probe testbed");
  const id = randomBytes(3).toString("hex");
  try {
    const namespace = async (role: string, ip: string, ip6: string): Promise<TestNamespace> => {
      const name = `nctest-${id}-${role}`;
      await host.run(["ip", "netns", "add", name]);
      scope.defer(name, () => host.run(["ip", "netns", "del", name]));
      const run = (...argv: string[]) => host.run(["ip", "netns", "exec", name, ...argv]);
      await run("ip", "link", "set", "lo", "up");
      // Rejected probes come in bursts that the kernel would answer in part only.
      await run(
        "sh",
        "-c",
        "echo 0 | tee /proc/sys/net/ipv4/icmp_ratelimit /proc/sys/net/ipv6/icmp/ratelimit",
      );
      // A tentative link-local address would hold up the first packets over IPv6.
      await run("sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad");
      const netns = `/run/netns/${name}`;
      const agent = await ProbeAgent.start(host, netns);
      scope.defer(`the agent of ${name}`, () => agent.close());
      return { netns, ip, ip6, agent, run };
    };
    const client = await namespace("c", "192.0.2.2", "fd00:2::2");
    const router = await namespace("r", "192.0.2.1", "fd00:2::1");
    const far = await namespace("f", "198.51.100.2", "fd00:51::2");
    const join = async (a: TestNamespace, device: string, b: TestNamespace, peer: string, mtu: string) => {
      await a.run(
        "ip",
        "link",
        "add",
        device,
        "mtu",
        mtu,
        "type",
        "veth",
        "peer",
        "name",
        peer,
        "mtu",
        mtu,
        "netns",
        b.netns.split("/").at(-1)!,
      );
    };
    const address = async (at: TestNamespace, device: string, ip: string, ip6: string) => {
      await at.run("ip", "addr", "add", `${ip}/24`, "dev", device);
      await at.run("ip", "addr", "add", `${ip6}/64`, "dev", device, "nodad");
      await at.run("ip", "link", "set", device, "up");
    };
    await join(client, "eth0", router, "eth0", "1500");
    await join(router, "eth1", far, "eth0", "1300");
    await address(client, "eth0", client.ip, client.ip6);
    await address(router, "eth0", router.ip, router.ip6);
    await address(router, "eth1", "198.51.100.1", "fd00:51::1");
    await address(far, "eth0", far.ip, far.ip6);
    for (const knob of ["ipv4/ip_forward", "ipv6/conf/all/forwarding"]) {
      await router.run("sh", "-c", `echo 1 > /proc/sys/net/${knob}`);
    }
    await client.run("ip", "route", "add", "198.51.100.0/24", "via", router.ip);
    await client.run("ip", "route", "add", "fd00:51::/64", "via", router.ip6);
    await far.run("ip", "route", "add", "default", "via", "198.51.100.1");
    await far.run("ip", "route", "add", "default", "via", "fd00:51::1");
    return { host, client, router, far, [Symbol.asyncDispose]: () => scope.close() };
  } catch (error) {
    await scope.close();
    throw error;
  }
}
