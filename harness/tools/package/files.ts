import { HarnessError } from "#harness/core/errors.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { $ } from "#harness/host/local/zx.ts";

/** What the package holds, relative to the project. */
export interface PackagedFiles {
  /** TypeScript modules, to be compiled. */
  readonly modules: readonly string[];
  /** Everything else, as it is. */
  readonly assets: readonly string[];
}

/** What only this project's own tests and tools need. */
const own = [
  /\.(integration|bench)\.ts$/,
  /^(?!suites\/(?!requirements\/)).*\.test\.ts$/,
  /(^|\/)(fixtures|tests)\//,
  /^harness\/(testing|cli\/docs|cli\/bootstrap\.mjs|tools\/(bench|changed|floors|lint|package))(\/|$)/,
  /^harness\/cli\/(all-commands|project-commands|commands\/project\/(bench|build|check|docs|test|test-vagrant))\.ts$/,
];

/** The files that a user needs and no others, of those that Git tracks. */
export async function packagedFiles(): Promise<PackagedFiles> {
  const folders = ["harness", "drivers", "suites", "reports", "vagrant", "docs", "README.md", "LICENSE"];
  const listed = await $({
    cwd: projectRoot,
  })`${["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", ...folders]}`;
  if (listed.exitCode !== 0) throw new HarnessError(`Git lists no files: ${listed.stderr.trim()}`);
  const files = [...new Set(listed.stdout.split("\n"))].filter(
    (path) => path && !own.some((pattern) => pattern.test(path)),
  );
  return {
    modules: files.filter((path) => path.endsWith(".ts")).sort(),
    assets: files.filter((path) => !path.endsWith(".ts")).sort(),
  };
}
