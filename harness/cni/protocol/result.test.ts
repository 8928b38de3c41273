import { describe, expect, test } from "vitest";
import { z } from "zod";
import { cniErrorSchema, describeProblems, readAddResult, readVersionResult } from "./result.ts";

/** The example of the specification, section 5, "ADD Success", with every field that it names. */
const complete = {
  cniVersion: "1.1.0",
  interfaces: [
    { name: "cni0", mac: "00:11:22:33:44:55" },
    { name: "veth3243", mac: "55:44:33:22:11:11", mtu: 1500, socketPath: "/run/s", pciID: "0000:00:1f.6" },
    { name: "eth0", mac: "00:11:22:33:44:66", sandbox: "/var/run/netns/blue" },
  ],
  ips: [{ address: "10.1.0.5/16", gateway: "10.1.0.1", interface: 2 }],
  routes: [{ dst: "0.0.0.0/0", gw: "10.1.0.1", mtu: 1400, advmss: 1360, priority: 1, table: 5, scope: 253 }],
  dns: { nameservers: ["10.1.0.1"], domain: "example.org", search: ["example.org"], options: ["ndots:1"] },
};
const first = (changes: object) => ({ ...complete, interfaces: [{ name: "eth0", ...changes }] });
const ip = (changes: object) => ({ ...complete, ips: [{ address: "10.1.0.5/16", ...changes }] });
const route = (changes: object) => ({ ...complete, routes: [{ dst: "0.0.0.0/0", ...changes }] });
const dns = (changes: object) => ({ ...complete, dns: changes });

describe("a result of ADD", () => {
  test.each<[string, object]>([
    ["with every field", complete],
    ["with a version alone", { cniVersion: "0.3.1" }],
    [
      "with routes and DNS lists that are null, as Go writes them",
      { ...complete, routes: null, dns: { search: null } },
    ],
    ["with fields that nobody knows", { ...complete, more: 1, interfaces: [{ name: "eth0", more: {} }] }],
  ])("%s is read as it is", (_what, result) => {
    expect(readAddResult(JSON.stringify(result))).toEqual({ ok: true, value: result });
  });

  test.each<[string, object]>([
    ["cniVersion", { ...complete, cniVersion: undefined }],
    ["cniVersion", { ...complete, cniVersion: 1 }],
    ["interfaces", { ...complete, interfaces: {} }],
    ["interfaces.0.name", first({ name: undefined })],
    ["interfaces.0.mac", first({ mac: 1 })],
    ["interfaces.0.mtu", first({ mtu: "1500" })],
    ["interfaces.0.sandbox", first({ sandbox: null })],
    ["interfaces.0.socketPath", first({ socketPath: 1 })],
    ["interfaces.0.pciID", first({ pciID: 1 })],
    ["ips", { ...complete, ips: null }],
    ["ips.0.address", ip({ address: undefined })],
    ["ips.0.gateway", ip({ gateway: 1 })],
    ["ips.0.interface", ip({ interface: 0.5 })],
    ["routes.0.dst", route({ dst: undefined })],
    ["routes.0.gw", route({ gw: null })],
    ["routes.0.mtu", route({ mtu: "1400" })],
    ["routes.0.advmss", route({ advmss: "1360" })],
    ["routes.0.priority", route({ priority: "1" })],
    ["routes.0.table", route({ table: "5" })],
    ["routes.0.scope", route({ scope: "link" })],
    ["dns.nameservers", dns({ nameservers: "10.1.0.1" })],
    ["dns.domain", dns({ domain: 1 })],
    ["dns.search", dns({ search: "example.org" })],
    ["dns.options", dns({ options: [1] })],
  ])("whose %s is wrong is none, and that is named", (field, result) => {
    expect(readAddResult(JSON.stringify(result))).toEqual({
      ok: false,
      reason: expect.stringMatching(new RegExp(`^${field.replaceAll(".", "\\.")}\\b`)),
    });
  });

  test("that is no JSON is none", () => {
    expect(readAddResult("")).toEqual({ ok: false, reason: "nothing" });
    expect(readAddResult("null")).toEqual({
      ok: false,
      reason: "top level: Invalid input: expected object, received null",
    });
  });
});

test("a result of VERSION has a version, and versions that are supported", () => {
  const good = { cniVersion: "1.0.0", supportedVersions: ["0.4.0", "1.0.0"] };
  expect(readVersionResult(JSON.stringify(good))).toEqual({ ok: true, value: good });
  for (const wrong of [{ cniVersion: 1 }, { supportedVersions: [] }, { supportedVersions: "1.0.0" }]) {
    const [field = ""] = Object.keys(wrong);
    expect(readVersionResult(JSON.stringify({ ...good, ...wrong }))).toEqual({
      ok: false,
      reason: expect.stringMatching(new RegExp(`^${field}: `)),
    });
  }
});

test("an error object has a whole number as its code and a text as its message", () => {
  const good = { code: 11, msg: "try again later" };
  expect(cniErrorSchema.safeParse(good).success).toBe(true);
  expect(cniErrorSchema.safeParse({ ...good, cniVersion: "1.1.0", details: "no address" }).success).toBe(
    true,
  );
  const wrong = [{ code: 1.5 }, { code: "11" }, { msg: undefined }, { details: 1 }, { cniVersion: 1 }];
  for (const field of wrong) expect(cniErrorSchema.safeParse({ ...good, ...field }).success).toBe(false);
});

test("problems are told with where each is, and those beyond the fifth are counted", () => {
  const { error } = z.array(z.string()).safeParse([1, 2, 3, 4, 5, 6, 7]);
  const problem = (at: number) => `${at}: Invalid input: expected string, received number`;
  expect(describeProblems(error!)).toBe(`${[0, 1, 2, 3, 4].map(problem).join("; ")}; and 2 more`);
  expect(describeProblems(error!, 7)).toBe([0, 1, 2, 3, 4, 5, 6].map(problem).join("; "));
  const nested = z.object({ a: z.object({ b: z.string() }) }).safeParse({ a: { b: 1 } });
  expect(describeProblems(nested.error!)).toMatch(/^a\.b: /);
});
