import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Progress } from "#harness/core/async/progress.ts";
import { UsageError } from "#harness/core/errors.ts";
import { writeInOneStep } from "#harness/core/process/draft.ts";
import { withLock } from "#harness/core/process/lock.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { imageBuilder, installMissing, lastLines } from "#harness/host/setup/install.ts";

/** A version of a package that a source offers. */
export interface OfferedPackage {
  readonly version: string;
  /** SHA-256 of the package, in hexadecimal. */
  readonly checksum: string;
}

/** What one apt source offers, whatever this machine's own apt knows. Its lists are kept in the cache and brought up to date. */
export class AptIndex {
  readonly #local = new LocalHost();
  readonly #options: readonly string[];

  private constructor(options: readonly string[]) {
    this.#options = options;
  }

  /**
   * Fetches the lists of a source, a text in deb822 format, unless those in the cache are the newest. Signatures are checked.
   * `what` is what the user named. Throws `UsageError` with apt's last lines.
   */
  static async open(
    source: string,
    settings: Pick<Settings, "CACHE">,
    progress: Progress,
    what: string,
  ): Promise<AptIndex> {
    const local = new LocalHost();
    await installMissing(local, progress, [imageBuilder], what);
    const name = createHash("sha256").update(source).digest("hex").slice(0, 12);
    const folder = join(settings.CACHE, "engines", "apt", name);
    for (const part of ["state/lists/partial", "cache/archives/partial"]) {
      await mkdir(join(folder, part), { recursive: true });
    }
    // Another run may be reading them.
    writeInOneStep(join(folder, "engine.sources"), source);
    writeInOneStep(join(folder, "status"), "");
    const options = [
      `Dir::Etc::SourceList=${join(folder, "engine.sources")}`,
      "Dir::Etc::SourceParts=/dev/null",
      "Dir::Etc::Preferences=/dev/null",
      "Dir::Etc::PreferencesParts=/dev/null",
      `Dir::State=${join(folder, "state")}`,
      `Dir::State::Status=${join(folder, "status")}`,
      `Dir::Cache=${join(folder, "cache")}`,
      // As root apt would have a user read the folder who may not enter it.
      "APT::Sandbox::User=root",
      "APT::Update::Error-Mode=any",
      "Acquire::Languages=none",
      // A snapshot's release files are past their date.
      "Acquire::Check-Valid-Until=false",
    ].flatMap((option) => ["--option", option]);
    await progress.step(`looking at ${what}`, () =>
      withLock(folder, async () => {
        const { code, stdout, stderr } = await local.exec(["apt-get", ...options, "update"], {
          deadlineMs: 5 * 60_000,
        });
        if (code === 0) return;
        throw refusalOf(`${stdout}\n${stderr}`, what);
      }),
    );
    return new AptIndex(options);
  }

  /** The versions of a package that the source offers, newest first; none of a package that it lacks. */
  async versionsOf(name: string): Promise<OfferedPackage[]> {
    const shown = await this.#local.exec(["apt-cache", ...this.#options, "show", name]);
    if (shown.code !== 0) return [];
    return shown.stdout.split(/\n\n+/).flatMap((paragraph) => {
      const field = (key: string) => new RegExp(`^${key}: (.*)$`, "m").exec(paragraph)?.[1];
      const [version, checksum] = [field("Version"), field("SHA256")];
      return field("Package") === name && version && checksum ? [{ version, checksum }] : [];
    });
  }
}

function refusalOf(said: string, what: string): UsageError {
  const [, mirror, suite] = /'(\S+) (\S+) Release' does not have a Release file/.exec(said) ?? [];
  if (mirror && suite) {
    return new UsageError(`ENGINE=${what}: expected a suite of ${mirror}, which has none called ${suite}`, {
      hint: "correct the suite, e.g. trixie or sid; MIRROR, SNAPSHOT or the apt source say where it is looked for",
    });
  }
  return new UsageError(
    `ENGINE=${what}: expected an apt source with packages, apt says\n${lastLines(said, 5)}`,
    { hint: "correct the source, its key, or the way to its mirror" },
  );
}
