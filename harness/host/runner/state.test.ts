import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, onTestFinished } from "vitest";
import { until } from "#harness/core/async/poll.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { readNamespace } from "./runner.ts";

const host = new LocalHost();
const folder = mkdtempSync(join(tmpdir(), "netconform-state-"));
afterAll(() => rmSync(folder, { recursive: true }));

// Making namespaces takes root.
if (process.getuid?.() === 0) {
  it("the state of a namespace is read with its tools, its settings and its files", async () => {
    const name = `ncstate-${process.pid}`;
    const data = join(folder, "place/data");
    for (const path of ["data/deep", "run/mine", "lib"])
      mkdirSync(join(folder, "place", path), { recursive: true });
    const files = {
      "data/deep/lease": "one\n\ntwo\n",
      "data/lock": "x",
      "data/last_reserved_ip.0": "x",
      "run/mine/pid": "1",
      "lib/a.lock": "x",
    };
    for (const [path, content] of Object.entries(files)) writeFileSync(join(folder, "place", path), content);
    symlinkSync("/etc/passwd", join(data, "link"));
    const make = [
      `ip netns add ${name}`,
      `ip -n ${name} link add ncone type veth peer name nctwo`,
      `ip -n ${name} address add 10.9.8.7/24 dev ncone`,
      `ip -n ${name} link set ncone up`,
      `ip -n ${name} link set nctwo up`,
      `ip -n ${name} -6 rule add from fd09::/64 lookup 77`,
      `ip netns exec ${name} sysctl -qw net.ipv4.conf.all.rp_filter=2`,
      `ip netns exec ${name} iptables -t nat -A POSTROUTING -s 10.9.8.0/24 -j MASQUERADE`,
      `ip netns exec ${name} tc qdisc add dev ncone ingress`,
    ];
    onTestFinished(async () => void (await host.exec(["ip", "netns", "del", name])));
    await host.run(["sh", "-ec", make.join("\n")]);
    const holder = await host.spawn(["ip", "netns", "exec", name, "sleep", "600"]);
    try {
      const read = () => readNamespace(host, `/run/netns/${name}`, data);
      // The process is one of `ip` at first.
      const told = await until({ what: "sleep to run", deadlineMs: 10_000 }, async () => {
        const text = await read();
        return text.includes("\nsleep\n") ? text : undefined;
      });
      const section = (of: string) => told?.split(/^=== /m).find((one) => one.startsWith(`${of}\n`)) ?? "";
      expect(told).toMatch(/^1: lo: <.*^\d+: ncone@nctwo: .*^\d+: ncone +inet 10\.9\.8\.7\/24 /ms);
      expect(told).toMatch(/^10\.9\.8\.0\/24 dev ncone .*^0:\tfrom all lookup local/ms);
      expect(section("rule6")).toMatch(/from fd09::\/64 lookup 77/);
      expect(section("sysctl")).toMatch(/^ipv4\/ip_forward:\d$.*^ipv4\/conf\/all\/rp_filter:2$/ms);
      expect(section("iptables")).toContain("-A POSTROUTING -s 10.9.8.0/24 -j MASQUERADE");
      expect(section("shaper")).toMatch(/^qdisc ingress ffff: dev ncone /m);
      expect(section("process")).toBe("process\nsleep\n");
      expect(section("file")).toBe("file\n./deep/lease:one\n./deep/lease:\n./deep/lease:two\n");
      expect(section("kept")).toBe("kept\nrun/mine/pid");
      const alone = await readNamespace(host, `/run/netns/${name}`);
      expect(alone).toContain("ncone");
      expect(alone).not.toMatch(/^=== (sysctl|file|kept)$/m);
    } finally {
      holder.kill("KILL");
      await holder.exit;
    }
    await expect(readNamespace(host, "/run/netns/none")).rejects.toThrow("entering /run/netns/none: ");
  });
}
