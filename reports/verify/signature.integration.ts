import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { progressOn } from "#harness/core/async/progress.ts";
import { UsageError } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { $ } from "#harness/host/local/zx.ts";
import { installMissing } from "#harness/host/setup/install.ts";
import { checkSignature, sign, signatureOf } from "./signature.ts";

const keygen = { program: "ssh-keygen", packages: ["openssh-client"] };
const folder = mkdtempSync(join(tmpdir(), "netconform-signature-"));
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  await installMissing(new LocalHost(), progressOn(process.stderr), [keygen], "signatures of statements");
  for (const name of ["mine", "other"]) {
    const made = await $`${["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", at(name)]}`;
    expect(made.exitCode, made.stderr).toBe(0);
  }
  const allowed = (principal: string, key: string) =>
    `${principal} ${readFileSync(at(`${key}.pub`), "utf8")}`;
  writeFileSync(at("signers"), allowed("mine@example.org", "mine"));
  writeFileSync(at("others"), allowed("other@example.org", "other"));
}, 120_000);

test("a statement that somebody signed is theirs, as long as it is not changed", async () => {
  const report = at("signed.json");
  writeFileSync(report, '{ "a": 1 }\n');
  expect(await sign(report, at("mine"))).toBe(signatureOf(report));
  expect(await checkSignature(report, at("signers"))).toMatchObject({
    findings: [],
    by: expect.stringMatching(/^mine@example\.org, SHA256:/),
  });
  expect((await checkSignature(report, undefined)).by).toMatch(/^SHA256:.*, which nobody was asked about$/);

  const [finding] = (await checkSignature(report, at("others"))).findings;
  expect(finding).toMatchObject({
    field: "signature",
    what: expect.stringContaining("expected one of a signer"),
  });

  writeFileSync(report, '{ "a": 2 }\n');
  for (const signers of [undefined, at("signers")]) {
    const { findings, by } = await checkSignature(report, signers);
    expect(findings).toMatchObject([{ field: "signature" }]);
    expect(by).toBeUndefined();
  }
});

test("a large statement is read from its file: what ssh-keygen leaves of it breaks nothing", async () => {
  const report = at("large.json");
  writeFileSync(report, `{ "a": "${"x".repeat(2_000_000)}" }\n`);
  await sign(report, at("mine"));
  expect((await checkSignature(report, at("signers"))).by).toMatch(/^mine@example/);
  writeFileSync(signatureOf(report), "no signature");
  expect((await checkSignature(report, at("signers"))).findings).toMatchObject([{ field: "signature" }]);
});

test("without a signature a statement holds, unless signers are asked for", async () => {
  const report = at("unsigned.json");
  writeFileSync(report, "{}\n");
  expect(await checkSignature(report, undefined)).toEqual({ findings: [] });
  expect((await checkSignature(report, at("signers"))).findings).toMatchObject([{ field: "signature" }]);
});

test("a signature for something else is none of a statement", async () => {
  const report = at("mail.json");
  writeFileSync(report, "{}\n");
  const argv = ["ssh-keygen", "-Y", "sign", "-f", at("mine"), "-n", "file"];
  const { stdout } = await $({ input: "{}\n" })`${argv}`;
  writeFileSync(signatureOf(report), stdout);
  expect((await checkSignature(report, at("signers"))).findings).toMatchObject([{ field: "signature" }]);
});

test("a key and signers that are not there are mistakes of the caller", async () => {
  await expect(sign(at("unsigned.json"), at("nokey"))).rejects.toThrow(UsageError);
  await expect(checkSignature(at("unsigned.json"), at("nosigners"))).rejects.toThrow(UsageError);
});
