import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { loadDriver } from "#drivers/loader.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { isOwnDefect } from "#harness/proof/fault.ts";
import { chapterFaults, faults } from "#harness/proof/faults/all.ts";
import { exampleObservation, exampleRecord } from "#harness/testing/support/examples/statement.ts";
import { buildStatement } from "#reports/conformance/statement.ts";
import { scarce } from "#suites/requirements/capability.ts";
import { type RequirementId, requirementIds, requirementOf } from "#suites/requirements/catalogue.ts";
import { isProvisional } from "#suites/requirements/standing/standing.ts";
import { explain, idFrom, nearestIds } from "./explain.ts";
import { failuresInLastRun } from "./last-run.ts";
import { readSteps } from "./steps.ts";

const steps = readSteps();
const needsOf = (id: RequirementId) => requirementOf(id).appliesTo.capabilities ?? [];

describe("an explanation", () => {
  test.each(requirementIds)("of %s has its rule, its source and a test that is there", (id) => {
    const text = explain(id, steps);
    const { title, source } = requirementOf(id);
    expect(text).toContain(`${id}  ${title}`);
    expect(text).toContain(source.url ?? source.text);
    expect(text).toMatch(/^ {6}(suites|harness\/conformance)\/\S+:\d+$/m);
  });

  test("has every fault that the requirement detects as a cause, with what a user suffers", () => {
    for (const fault of faults) {
      const { detectedBy, name, breaks, why } = fault;
      const setting = isOwnDefect(fault) ? "MEND" : "FAULT";
      for (const id of detectedBy) {
        const text = explain(id, steps);
        for (const part of [`${setting}=${name}`, breaks, why]) expect(text).toContain(part);
      }
    }
  });

  test("says of what most kernels lack that its faults were seen there alone", () => {
    expect(explain("X5c", steps)).toContain(
      "a red usually means (seen only where the nodes have SCTP, of which the external host has sockets too, with address " +
        "translation by iptables; elsewhere it is blocked, and so is each of these):",
    );
    expect(explain("E3", steps)).toContain("(seen only where the nodes have kernel ESP (IPsec) with AES-GCM");
    expect(explain("M4", steps)).toContain("(each of these was injected, and turned it red):");
  });

  test.each(Object.entries(scarce))(
    "tells that of %s as the drivers need it",
    async (capability, feature) => {
      const rules = requirementIds.filter((id) => needsOf(id).some((one) => one === capability));
      const injected = chapterFaults.filter(({ detectedBy }) => detectedBy.some((id) => rules.includes(id)));
      const drivers = new Set(injected.map(({ on }) => on.driver));
      expect(drivers.size).toBeGreaterThan(0);
      for (const name of drivers) {
        const { needs } = await loadDriver(name, readSettings({}));
        expect(Object.entries(needs ?? {}), name).toContainEqual([capability, [feature]]);
      }
    },
  );

  test("says where the specification asks for it", () => {
    expect(explain("CNI-13a", steps)).toContain(
      "CNI specification, main, 2, STATUS: MUST STATUS succeeds while ADD can be served",
    );
    expect(explain("CNM-3", steps)).toContain(
      "Remote Drivers, Errors: MUST a request that cannot be decoded",
    );
    expect(explain("M5", steps)).not.toContain("the specification asks");
  });

  test("says since when Docker promises it, of each test where they differ, and what stands for it over CNI", () => {
    expect(explain("X6", steps)).toContain("promised since:\n    Docker 28.0; over CNI by nobody\n");
    expect(explain("X5b", steps)).toContain("Docker 28.0; over CNI by plugins that declare hairpin\n");
    const text = explain("X10a", steps);
    expect(text).toContain("Docker 27.0 (the external host, which has a route to the container); over CNI");
    expect(text).toContain("Docker 28.0 (a container of another network); over CNI");
    expect(explain("M4", steps)).not.toContain("promised since");
  });

  test.each(requirementIds)("of %s says whether it is provisional", (id) => {
    const said = explain(id, steps).includes(
      "\n  provisional: what it ends with is told, and is no verdict\n",
    );
    expect(said).toBe(isProvisional(id));
  });

  test("says why it is not for drivers over CNI", () => {
    expect(explain("M11", steps)).toContain(
      "not over CNI:\n    a CNI network gives out a part of its subnet",
    );
    expect(explain("M4", steps)).not.toContain("not over CNI");
  });

  test("says what looks, and what has a positive control beside it", () => {
    const text = explain("M5", steps);
    expect(text).toContain("capability names: containers of a network find each other by name");
    expect(text).toMatch(
      /looks with expectPingByName, expectNoName\n {6}with a positive control: expectNoName$/m,
    );
  });
});

test("an id is known in letters of either case, and one that is none leads to its neighbours", () => {
  expect(idFrom("m4")).toBe("M4");
  expect(idFrom("cni-4A")).toBe("CNI-4a");
  expect(idFrom("M44")).toBeUndefined();
  expect(nearestIds("M9")).toEqual(expect.arrayContaining(["M8", "M10"]));
  expect(nearestIds("Z1")).toEqual([]);
});

test("the page of a failure in the last run is told, as long as it is there", () => {
  const folder = mkdtempSync(join(tmpdir(), "netconform-explain-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(failuresInLastRun("M4", folder)).toEqual([]);
  const page = "evidence/mine@26.1/multihost/M4/trace.html";
  const evidence = [page, "evidence/mine@26.1/multihost/M4/node1-state.txt"];
  const record = exampleRecord({ observations: [exampleObservation("M4", { evidence, reason: "no" })] });
  const statement = buildStatement(record);
  writeFileSync(join(folder, "conformance.json"), JSON.stringify(statement));
  expect(failuresInLastRun("M4", folder)).toEqual([]);
  mkdirSync(join(folder, dirname(page)), { recursive: true });
  writeFileSync(join(folder, page), "");
  expect(failuresInLastRun("M4", folder)).toEqual([join(folder, page)]);
  expect(failuresInLastRun("M5", folder)).toEqual([]);
  expect(explain("M4", steps, failuresInLastRun("M4", folder))).toContain(
    `what happened is on:\n    ${join(folder, page)}`,
  );
});
