import { describe, expect, test } from "vitest";
import {
  catalogue,
  type RequirementId,
  requirementIds,
  requirementOf,
} from "#suites/requirements/catalogue.ts";
import { isOlderEngine, type PlayedVersion } from "#suites/requirements/played-engine.ts";
import { type SpecVersion, specVersions } from "#suites/requirements/spec-version.ts";
import {
  applicability,
  applicableRule,
  type CniPluginTarget,
  type CnmPluginTarget,
  type DriverTarget,
  type Target,
} from "./applicability.ts";

const driver: DriverTarget = { on: "cluster", name: "mine", capabilities: ["multihost", "outbound"] };

function cnm(more: Partial<CnmPluginTarget> = {}): CnmPluginTarget {
  return {
    ...{ on: "cnm", name: "mine", subsystems: new Set(), scope: "", gwAllocChecker: false, engine: "29.7" },
    ...more,
  };
}

function cni(kind: CniPluginTarget["kind"], version: SpecVersion): CniPluginTarget {
  return { on: "cni", kind, version };
}

const reasonOf = (id: RequirementId, target: Target) => {
  const found = applicability(requirementOf(id), target);
  return found.answer === "unsupported" ? found.reason : found.answer;
};

/** Ids of one suite that are unsupported on the target. */
function unsupported(target: Target): string[] {
  return requirementIds.filter((id) => applicability(catalogue[id], target).answer === "unsupported");
}

describe("a driver on a cluster", () => {
  test("is asked for what it declares, and the first capability that it does not declare is the reason", () => {
    expect(reasonOf("M4", driver)).toBe("applies");
    expect(reasonOf("S1", driver)).toBe("applies");
    expect(reasonOf("M5", driver)).toBe("mine does not declare names");
    expect(applicability(requirementOf("W3"), driver)).toMatchObject({ missing: ["scheduling", "names"] });
  });

  test("over CNI is not asked for what engines do, and told why after what it does not declare", () => {
    const overCni: DriverTarget = { on: "cluster", name: "mine", capabilities: ["multihost", "cni"] };
    expect(reasonOf("B12", overCni)).toBe(
      "mine: no engine attaches its containers, so that none brings them back",
    );
    expect(applicability(requirementOf("B12"), overCni)).toMatchObject({ missing: [] });
    expect(reasonOf("M13", overCni)).toBe("mine does not declare lostNodes");
    // Starts fail over CNI, too: the rules that it names are what stands for this one there.
    const named: readonly string[] = reasonOf("R10", overCni).match(/CNI-\w+/g) ?? [];
    expect(named).not.toEqual([]);
    const instead = requirementIds.filter((id) => named.includes(id));
    expect(instead.map((id) => reasonOf(id, cni("interface", "1.1.0")))).toEqual(named.map(() => "applies"));
  });

  test("has no rule of the plugin protocols", () => {
    const rules = requirementIds.filter((id) => applicability(catalogue[id], driver).answer !== "no rule");
    expect(rules.filter((id) => id.startsWith("CN"))).toEqual([]);
    expect(rules).toHaveLength(requirementIds.filter((id) => !id.startsWith("CN")).length);
  });
});

describe("a CNM plugin", () => {
  const numbers = (ids: readonly string[]) => ids.map((id) => id.replace("CNM-", "")).join(" ");

  test("that lists no subsystem is asked for its handshake alone", () => {
    const neither = cnm({ subsystems: new Set(["AuthZDriver"]) });
    expect(reasonOf("CNM-1", neither)).toBe("applies");
    expect(unsupported(neither)).toHaveLength(41);
    for (const id of ["CNM-3", "CNM-8", "CNM-28"] as const) {
      expect(reasonOf(id, neither)).toBe(
        "mine lists neither NetworkDriver nor IpamDriver in Plugin.Activate",
      );
    }
  });

  test("is not asked for the half of the protocol that it does not list", () => {
    const network = { subsystems: new Set(["NetworkDriver"]), scope: "global", gwAllocChecker: true };
    expect(numbers(unsupported(cnm(network)))).toBe(
      "17 18 19 20 20b 21 22 23 23b 23c 24 24b 24c 25 26 27 27b 28",
    );
    expect(numbers(unsupported(cnm({ subsystems: new Set(["IpamDriver"]) })))).toBe(
      "2 5 5b 6 7 7b 8 9 10 11 11b 12 13 13b 14 15b 15d 16",
    );
    expect(reasonOf("CNM-21", cnm(network))).toBe("mine does not list IpamDriver in Plugin.Activate");
  });

  test("is asked for swarm's calls when its scope is global, and for the gateway check when it declares that", () => {
    const both = { subsystems: new Set(["NetworkDriver", "IpamDriver"]) };
    expect(numbers(unsupported(cnm(both)))).toBe("6 7");
    expect(reasonOf("CNM-6", cnm(both))).toBe("mine declares the scope (none), engines ask only global ones");
    expect(reasonOf("CNM-6", cnm({ ...both, scope: "local" }))).toBe(
      "mine declares the scope local, engines ask only global ones",
    );
    expect(reasonOf("CNM-7", cnm(both))).toBe("mine does not declare GwAllocChecker");
    expect(unsupported(cnm({ ...both, scope: "global", gwAllocChecker: true }))).toEqual([]);
  });
});

describe("a CNM plugin of an older engine", () => {
  const both = new Set(["NetworkDriver", "IpamDriver"]);
  const noRule = (engine: PlayedVersion) =>
    requirementIds.filter(
      (id) =>
        id.startsWith("CNM-") &&
        applicability(requirementOf(id), cnm({ subsystems: both, engine })).answer === "no rule",
    );

  test("has no rule of what no engine asked then", () => {
    const since29 = ["CNM-11b", "CNM-13b", "CNM-20b", "CNM-24b"];
    expect(noRule("29.7")).toEqual([]);
    expect(noRule("28.5")).toEqual(since29);
    expect(noRule("26.1").sort()).toEqual([...since29, "CNM-24c", "CNM-7", "CNM-7b"]);
    expect(noRule("20.10")).toEqual(noRule("26.1"));
  });

  test("is told by the order of releases, and not of their texts", () => {
    expect(isOlderEngine("20.10", "20.9")).toBe(false);
    expect(isOlderEngine("9.1", "20.10")).toBe(true);
    expect(isOlderEngine("29.0", "29.0")).toBe(false);
  });
});

describe("a CNI plugin", () => {
  test("has the rules of its kind", () => {
    const rulesOf = (kind: CniPluginTarget["kind"]) =>
      requirementIds.filter((id) => applicability(catalogue[id], cni(kind, "1.1.0")).answer === "applies");
    expect(rulesOf("ipam")).toContain("CNI-16a");
    expect(rulesOf("ipam")).not.toContain("CNI-7");
    expect(rulesOf("chained")).toContain("CNI-6a");
    expect(rulesOf("chained")).not.toContain("CNI-6c");
    expect(rulesOf("interface")).toContain("CNI-6c");
    expect(rulesOf("interface")).not.toContain("CNI-6a");
  });

  test.each(specVersions)("at %s is never unsupported", (version) => {
    for (const kind of ["interface", "chained", "ipam"] as const) {
      expect(unsupported(cni(kind, version))).toEqual([]);
    }
  });

  test.each([
    ["CNI-9a", "interface", "1.0.0", "CNI-9a"],
    ["CNI-9a", "interface", "0.4.0", "CNI-9c"],
    ["CNI-9c", "interface", "1.0.0", undefined],
    ["CNI-8", "interface", "0.3.1", "CNI-7"],
    ["CNI-8", "ipam", "0.3.1", undefined],
    ["CNI-6a", "chained", "0.4.0", "CNI-6b"],
    ["CNI-6a", "interface", "0.4.0", undefined],
    ["CNI-11a", "interface", "0.3.1", undefined],
    ["CNI-18c", "ipam", "0.3.1", "CNI-18c"],
    ["CNI-18c", "ipam", "0.4.0", undefined],
    ["M4", "interface", "1.1.0", undefined],
  ] as const)("a test of %s on a plugin of kind %s at %s shows %s", (id, kind, version, shown) => {
    expect(applicableRule(id, cni(kind, version))).toBe(shown);
  });

  test("has, in the place of every newer rule, one that is in the catalogue", () => {
    for (const id of requirementIds) {
      const { predecessor } = requirementOf(id).appliesTo;
      if (predecessor !== undefined) expect(catalogue).toHaveProperty([predecessor]);
    }
  });
});
