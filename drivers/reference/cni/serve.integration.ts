import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCniSuite, type SuiteResult } from "#harness/conformance/cni-run/run-suite.ts";
import { serveNamespaces } from "./serve.ts";

const timeoutMs = 300_000;

/** Its leases are in its memory, where the suite does not look. */
const unseen = ["CNI-10c not run", "CNI-14b not run"];

const notPassed = (results: readonly SuiteResult[]) =>
  results
    .filter(({ outcome }) => outcome !== "passed")
    .map(({ requirement, outcome }) => `${requirement} ${outcome}`);

/** What the CNI suite finds at the newest version. */
async function findings(fault?: string): Promise<SuiteResult[]> {
  using folder = mkdtempDisposableSync(join(tmpdir(), "netconform-reference-cni-"));
  const served = await serveNamespaces(folder.path, fault === undefined ? [] : [fault]);
  try {
    return await runCniSuite({
      plugins: [served.path],
      versions: ["newest"],
      settings: { CONFIG: "", KIND: "" },
      without: ["concurrency"],
    });
  } finally {
    await served.close();
  }
}

test(
  "the reference plugin keeps the rules of CNI",
  async () => {
    const results = await findings();
    expect(results.length).toBeGreaterThan(20);
    expect(notPassed(results)).toEqual(unseen);
  },
  timeoutMs,
);

test(
  "the suite notices that the reference plugin lists nothing of the node",
  async () => {
    expect(notPassed(await findings("cni-host-end-unlisted"))).toEqual(["CNI-5c failed", ...unseen]);
  },
  timeoutMs,
);
