import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { projectRoot } from "#harness/core/project-root.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { $ } from "#harness/host/local/zx.ts";
import { trackedFiles } from "#harness/testing/house/tracked-files.ts";
import { program } from "#harness/testing/support/run-script.ts";

/** A user of this machine who is not root and cannot become it, with a home folder and a checkout. */
export interface OrdinaryUser extends Disposable {
  readonly home: string;
  /** Runs a sub-command of the project's program in the user's checkout, with this environment and nothing else. */
  run(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<{ code: number | null; said: string }>;
  /** Makes a file or folder, with what is in it, the user's. */
  own(path: string): Promise<void>;
}

/** Every Debian has this one. */
const name = "nobody";
const become = ["setpriv", `--reuid=${name}`, "--regid=nogroup", "--clear-groups", "--"];
/** What the user's commands do without. What begins with a dot is what tools of other tests write meanwhile. */
const spare = ["@biomejs", "pyright", ".[!b]*"].map((one) => `node_modules/${one}`);

/** Gives the user nobody a home until it is disposed of. Needs root. */
export async function makeOrdinaryUser(): Promise<OrdinaryUser> {
  const home = mkdtempSync(join(tmpdir(), "netconform-user-"));
  const checkout = join(home, "checkout");
  const host = new LocalHost();
  const own = async (path: string) => void (await host.run(["chown", "-R", name, path]));
  mkdirSync(checkout);
  chmodSync(home, 0o755);
  await own(home);
  const files = [...(await trackedFiles()), "node_modules"];
  // A test beside this one may have a new file in the project for a while.
  const left = ["--anchored", ...spare.map((path) => `--exclude=${path}`)];
  const packed = await host.spawn(["tar", "-c", "-C", projectRoot, "--ignore-failed-read", ...left, "-T-"]);
  const unpacked = await host.spawn([...become, "tar", "-x", "-C", checkout]);
  packed.stdout.pipe(unpacked.stdin);
  packed.stdin.end(files.map((path) => `${path}\n`).join(""));
  const said = text(packed.stderr);
  const ends = await Promise.all([packed.exit, unpacked.exit]);
  if (ends.some(({ code }) => code !== 0)) {
    throw new Error(`${checkout}: the copy of the project failed: ${await said}`);
  }
  const node = join(checkout, "node_modules/node/bin/node");
  return {
    home,
    own,
    async run(args, { PATH = "", ...env }) {
      const argv = [...become, node, join(checkout, program), ...args];
      const given = { NO_COLOR: "1", HOME: home, PATH: `${dirname(node)}:${PATH}`, ...env };
      const ran = await $({ cwd: checkout, env: given })`${argv}`;
      return { code: ran.exitCode, said: ran.stdall };
    },
    [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }),
  };
}
