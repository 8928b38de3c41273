import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { $ } from "#harness/host/local/zx.ts";
import { buildPackage, packageFolder } from "#harness/tools/package/build.ts";

/** The package that users install. */
export const command = newCommand("build")
  .description("Builds the package that users install, in dist/.")
  .option("--pack <folder>", "puts it into a tarball there, too")
  .action((options: { pack?: string }) => runMain(() => build(options)));

async function build({ pack }: { pack?: string }): Promise<number> {
  const progress = progressOn(process.stderr);
  await progress.step("building the package", () => buildPackage());
  if (pack === undefined) return 0;
  const target = resolve(pack);
  await mkdir(target, { recursive: true });
  const packed = await $({ cwd: packageFolder })`${["npm", "pack", "--pack-destination", target]}`;
  if (packed.exitCode !== 0) throw new HarnessError(`npm pack failed: ${packed.stderr.trim()}`);
  console.log(resolve(target, packed.stdout.trim().split("\n").at(-1) ?? ""));
  return 0;
}
