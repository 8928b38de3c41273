import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadDriver } from "#drivers/loader.ts";
import { UsageError } from "#harness/core/errors.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { withoutDefaultRoute } from "./network/rendered.ts";
import { nodeValuesOf } from "./node-values.ts";

const settings = readSettings({});
const folder = mkdtempSync(join(tmpdir(), "netconform-conflists-"));
afterAll(() => rmSync(folder, { recursive: true }));

function conflist(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const list = (changes: Record<string, unknown> = {}) => ({
  cniVersion: "1.0.0",
  plugins: [{ type: "bridge", ipam: { type: "host-local", subnet: "{{nodeSubnet}}" } }],
  ...changes,
});

describe("a network configuration as a driver", () => {
  it("is called after its file and declares what the file says", async () => {
    const path = conflist(
      "mine.conflist",
      list({ netconform: { capabilities: ["multihost"], join: "routes" } }),
    );
    const driver = await loadDriver(path, settings);
    expect([driver.name, driver.capabilities]).toEqual(["cni-mine", ["cni", "multihost"]]);
  });

  it("may be the configuration of a single plugin", async () => {
    const path = conflist("single.conf", { cniVersion: "1.0.0", type: "bridge" });
    expect((await loadDriver(path, settings)).name).toBe("cni-single");
  });

  it.each([
    ["broken.conflist", "{", /broken\.conflist: no JSON/],
    ["empty.conflist", list({ plugins: [] }), /empty\.conflist: plugins: at least one plugin/],
    ["proud.conflist", list({ netconform: { capabilities: ["teleport"] } }), /netconform\.capabilities\.0/],
    ["odd.conflist", list({ netconform: { jion: "routes" } }), /jion/],
    ["absent.conflist", list({ netconform: { binaries: ["./nowhere"] } }), /no such file: .*nowhere/],
    ["unknown.conflist", list({ bridge: "{{brigde}}" }), /\{\{brigde\}\} is unknown; expected one of name, /],
  ])("that is wrong is refused by name: %s", async (name, content, message) => {
    const loading = loadDriver(conflist(name, content), settings);
    await expect(loading).rejects.toThrow(UsageError);
    await expect(loading).rejects.toThrow(message);
  });
});

describe("the values of a network on every node", () => {
  const one = { device: "eth0", address: "192.0.2.1", prefix: 24 };
  const nodes = [1, 2, 3].map(() => ({ interfaces: { management: one, control: one, data: one } }));

  it("are equal parts of the subnet, with the gateway and the broadcast address left out of the ranges", () => {
    const nodeValues = nodeValuesOf({ nodes }, "net", "10.1.2.0/24");
    expect(
      nodeValues.map(({ nodeSubnet, gateway, rangeStart, rangeEnd }) => [
        nodeSubnet,
        gateway,
        rangeStart,
        rangeEnd,
      ]),
    ).toEqual([
      ["10.1.2.0/26", "10.1.2.1", "10.1.2.2", "10.1.2.62"],
      ["10.1.2.64/26", "10.1.2.65", "10.1.2.66", "10.1.2.126"],
      ["10.1.2.128/26", "10.1.2.129", "10.1.2.130", "10.1.2.190"],
    ]);
  });

  it("of one node are the whole subnet", () => {
    expect(nodeValuesOf({ nodes: nodes.slice(0, 1) }, "net", "10.1.2.0/24")[0]?.nodeSubnet).toBe(
      "10.1.2.0/24",
    );
  });

  it("name devices that a kernel accepts", () => {
    const [values] = nodeValuesOf({ nodes }, "a-network-with-a-very-long-name", "10.1.2.0/24");
    expect([values?.bridge.length, values?.vxlan.length]).toEqual([12, 12]);
  });
});

it("a second interface gets every route but the default one", () => {
  const ipam = { type: "host-local", routes: [{ dst: "0.0.0.0/0" }, { dst: "192.0.2.0/24" }] };
  const { plugins } = withoutDefaultRoute({
    name: "net",
    plugins: [{ type: "bridge", ipam }, { type: "portmap" }],
  });
  expect(plugins).toEqual([
    { type: "bridge", ipam: { type: "host-local", routes: [{ dst: "192.0.2.0/24" }] } },
    { type: "portmap" },
  ]);
});
