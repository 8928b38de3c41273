import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeInOneStep } from "#harness/core/process/draft.ts";
import type { Settings } from "#harness/core/settings/schema.ts";

/** Which version a content has, as its dockerd said once: a file in the cache for each content. */
export class FoundVersions {
  readonly #folder: string;

  constructor({ CACHE }: Pick<Settings, "CACHE">) {
    this.#folder = join(CACHE, "engines", "versions");
  }

  async find(content: string): Promise<string | undefined> {
    return readFile(this.#path(content), "utf8").catch(() => undefined);
  }

  async keep(content: string, version: string): Promise<void> {
    writeInOneStep(this.#path(content), version);
  }

  #path(content: string): string {
    return join(this.#folder, createHash("sha256").update(content).digest("hex").slice(0, 24));
  }
}
