import type { Progress } from "#harness/core/async/progress.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import type { BootstrapSettings } from "#harness/host/setup/mmdebstrap.ts";

/** What sources of engines take of the settings. */
export type EngineSettings = BootstrapSettings & Pick<Settings, "ENGINE_SOURCE" | "SNAPSHOT">;

/** How an engine gets into the system of a node. */
export interface EngineRecipe {
  /** What it is, as it reads in messages: `Docker 26.1`. */
  readonly what: string;
  /** The same source has the same one, also with other content, e.g. `debian:sid`: older images of it go. */
  readonly word: string;
  /** Tells its content from any other, e.g. by a checksum. */
  readonly content: string;
  /** The version, where the word says it; else the program is asked. */
  readonly version?: string;
  /** Debian suite of the system. */
  readonly suite: string;
  /** Mirror of that suite instead of the usual one. */
  readonly mirror?: string;
  /** A further apt source, in deb822 format. */
  readonly aptSource?: string;
  /** Packages that bring the engine, with versions where they matter. */
  readonly packages: readonly string[];
  /** Writes the tar archive of the programs that go to /usr/local/bin, before those of packages, and yields its path; `folder` is empty. */
  pack?(folder: string): Promise<string>;
}

/** What a source works with. */
export interface SourceContext {
  readonly settings: EngineSettings;
  readonly progress: Progress;
}
