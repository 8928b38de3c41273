import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Scope } from "#harness/core/async/scope.ts";
import { ConnectionLost } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import type { ExecOptions, ExecResult } from "./host.ts";
import { withUndo } from "./with-undo.ts";

/** This machine, whose answers to the commands with these numbers are lost after they were carried out. */
class LossyHost extends LocalHost {
  readonly ran: string[] = [];
  readonly #lost: readonly number[];
  constructor(...lost: number[]) {
    super();
    this.#lost = lost;
  }
  override async exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult> {
    const number = this.ran.push(argv[0] ?? "");
    const result = await super.exec(argv, options);
    if (this.#lost.includes(number)) throw new ConnectionLost(this.name, argv.join(" "));
    return result;
  }
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "netconform-undo-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return join(path, "made");
}

test("takes back what was done, also where the answer to one of both was lost", async () => {
  for (const lost of [[], [2], [1]]) {
    const path = folder();
    const host = new LossyHost(...lost);
    const scope = new Scope("test");
    const making = withUndo(scope, host, ["mkdir", path], ["rmdir", path]);
    if (lost[0] === 1) await expect(making).rejects.toThrow(ConnectionLost);
    else await making;
    await scope.close();
    expect(await host.files.exists(path)).toBe(false);
    expect(host.ran).toEqual(["mkdir", "rmdir", ...(lost[0] === 2 ? ["rmdir"] : [])]);
  }
});

test("tells of an undo that fails although everything was answered", async () => {
  const path = folder();
  const scope = new Scope("test");
  await withUndo(scope, new LossyHost(), ["mkdir", path], ["rmdir", path]);
  writeFileSync(join(path, "more"), "");
  await expect(scope.close()).rejects.toThrow(/not empty/);
});
