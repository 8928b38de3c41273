import { describe, expect, it } from "vitest";
import { describeSurveys, problemsOf } from "./preflight.ts";
import { type HostSurvey, neededTools, parseFacts } from "./survey.ts";

const fit: HostSurvey = {
  name: "node1",
  hostName: "node1",
  system: "Debian",
  kernel: "6.1 x86_64",
  root: true,
  tools: Object.keys(neededTools),
  kernelHas: { vxlan: true, ipvs: false },
  routes: ["192.0.2.0/24", "172.17.0.0/16"],
  engine: "26.1.5",
  held: { containers: [], networks: [], swarm: false },
  interfaces: Object.fromEntries(
    ["management", "control", "data"].map((role) => [
      role,
      { device: "eth0", address: "192.0.2.1", prefix: 24 },
    ]),
  ) as HostSurvey["interfaces"],
};

describe("problemsOf", () => {
  it("has nothing against a host that fits", () => {
    expect(problemsOf([fit])).toEqual([]);
  });

  it.each<[string, Partial<HostSurvey>, RegExp, boolean]>([
    ["a tool", { tools: fit.tools.filter((tool) => tool !== "tcpdump") }, /lacks tcpdump/, false],
    ["root", { root: false }, /do not run as root/, false],
    ["an engine", { engine: undefined, engineError: "refused" }, /no Docker Engine answers: refused/, false],
    ["containers", { held: { ...fit.held, containers: ["web"] } }, /containers of somebody: web/, true],
    ["a swarm", { held: { ...fit.held, swarm: true } }, /in a swarm of somebody/, true],
    ["a subnet", { routes: ["10.1.0.0/16"] }, /routes 10\.1\.0\.0\/16, which the chapters need/, true],
    ["a connection", { unreachable: "refused" }, /refused/, false],
  ])("names %s, and whether that can be overruled", (_, difference, what, occupied) => {
    const problems = problemsOf([{ ...fit, ...difference }]);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.what).toMatch(what);
    expect(problems[0]?.occupied).toBe(occupied);
  });

  it("asks no engine of the external host", () => {
    expect(problemsOf([fit, { ...fit, name: "external", engine: undefined }], true)).toEqual([]);
  });
});

describe("describeSurveys", () => {
  it("has a column for each host", () => {
    const table = describeSurveys([fit, { ...fit, name: "node2", tools: [] }]);
    expect(table).toMatch(/node1.*node2/);
    expect(table).toMatch(/tcpdump.*yes.*MISSING/);
    expect(table).toMatch(/kernel: openvswitch.*not told/);
  });
});

describe("parseFacts", () => {
  it("reads what the host says of itself", () => {
    const lines = [
      "uid\t0",
      "hostname\tn1",
      "tool\tip",
      "kernel-has\tvxlan",
      "kernel-lacks\tipvs",
      "route\t10.0.0.1",
    ];
    expect(parseFacts(lines.join("\n"))).toMatchObject({
      root: true,
      hostName: "n1",
      tools: ["ip"],
      kernelHas: { vxlan: true, ipvs: false },
      routes: ["10.0.0.1/32"],
      marker: undefined,
    });
  });
});
