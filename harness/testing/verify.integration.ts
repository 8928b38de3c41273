import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { progressOn } from "#harness/core/async/progress.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { $ } from "#harness/host/local/zx.ts";
import { installMissing } from "#harness/host/setup/install.ts";
import type { Statement } from "#reports/conformance/schema.ts";
import { buildStatement } from "#reports/conformance/statement.ts";
import { sealStatement } from "#reports/seal/seal.ts";
import { describeCatalogue, type Requirements } from "#reports/seal/suite.ts";
import { reportRecord, reportTest, sealedReport } from "./support/examples/report.ts";
import { runCommand } from "./support/run-script.ts";

const keygen = { program: "ssh-keygen", packages: ["openssh-client"] };
const folder = mkdtempSync(join(tmpdir(), "netconform-verified-"));
const report = join(folder, "conformance.json");
const at = (name: string) => join(folder, name);
const run = (...args: string[]) => runCommand(args, {});
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  await installMissing(new LocalHost(), progressOn(process.stderr), [keygen], "signatures of statements");
  const made = await $`${["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at("key")]}`;
  expect(made.exitCode, made.stderr).toBe(0);
  writeFileSync(at("signers"), `mine@example.org ${readFileSync(at("key.pub"), "utf8")}`);
  const kept = { evidence: ["evidence/m4.txt"] };
  const record = reportRecord([reportTest("M1", "passed"), reportTest("M4", "failed", kept)]);
  writeFileSync(report, JSON.stringify(sealedReport(record, folder), null, 2));
}, 120_000);

test("a statement is signed, verified with its badge, and rejected with the field once it was changed", async () => {
  const signed = await run("sign", folder, "--key", at("key"));
  expect(signed.said).toContain(`signed: ${report}.sig`);
  const held = await run("verify", folder, "--signers", at("signers"), "--badge", at("badge.svg"));
  expect(held.said).toMatch(/^who {4}Example, mine 1\.2\.3, mine@example\.org$/m);
  expect(held.said).toMatch(/^signed mine@example\.org, SHA256:/m);
  expect(held.said).toContain(`accepted: ${report}`);
  expect(held.code).toBe(0);
  expect(readFileSync(at("badge.svg"), "utf8")).toContain("1 not conformant");

  const text = readFileSync(report, "utf8");
  const forged = JSON.parse(text) as Statement;
  for (const one of forged.targets[0]?.results ?? []) if (one.requirement === "M4") one.outcome = "passed";
  writeFileSync(report, JSON.stringify(forged, null, 2));
  const changed = await run("verify", folder);
  expect(changed.said).toContain(`rejected: ${report}`);
  expect(changed.said).toContain("targets.mine@26.1.results.M4.outcome: expected failed, got passed");
  expect(changed.said).toContain("signature: expected that of this text");
  expect(changed.code).toBe(1);
  const unsigned = await run("sign", folder, "--key", at("key"));
  expect(unsigned).toMatchObject({ code: 1, said: expect.stringContaining("not signed") });
  writeFileSync(report, text);
});

test("a folder of reports becomes a page and badges", async () => {
  const own = await run("implementations", folder, "--output", at("site"));
  expect(own).toMatchObject({ code: 0, said: expect.stringContaining("accepted: conformance.json") });
  expect(readFileSync(at("site/index.html"), "utf8")).toContain("Example: mine 1.2.3");
  expect(existsSync(at("site/badges"))).toBe(true);
});

test("a statement of another version is checked with the catalogue that that version wrote", async () => {
  const written = await run("verify", "--write-catalogue", at("catalogues.json"));
  expect(written).toMatchObject({ code: 0, said: "" });
  const older = JSON.parse(readFileSync(at("catalogues.json"), "utf8")) as Record<string, { title: string }>;
  for (const rule of [older.M1, older.M4]) if (rule) rule.title = `${rule.title}, as it was`;
  mkdirSync(at("older/catalogues"), { recursive: true });
  writeFileSync(at("older/catalogues/0.1.0.json"), JSON.stringify(older));
  const record = reportRecord([reportTest("S1", "passed")], {
    catalogue: describeCatalogue("0.1.0", older as unknown as Requirements),
  });
  const statement = buildStatement(record, older as unknown as Requirements);
  writeFileSync(at("older/conformance.json"), JSON.stringify(sealStatement(statement, folder)));
  const unknown = await run("verify", at("older"));
  expect(unknown).toMatchObject({
    code: 1,
    said: expect.stringContaining("catalogue.sha256: expected the catalogue"),
  });
  const known = await run("verify", at("older"), "--catalogues", at("older/catalogues"));
  expect(known).toMatchObject({ code: 0, said: expect.stringContaining("accepted") });
});

test("what is not there is a mistake of the caller", async () => {
  const nowhere = await run("verify", at("nowhere"));
  expect(nowhere).toMatchObject({ code: 2, said: expect.stringContaining("expected a conformance.json") });
});
