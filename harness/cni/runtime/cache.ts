import { join } from "node:path/posix";
import { z } from "zod";
import { ConfigurationError } from "#harness/cni/protocol/errors.ts";
import type { CniAttachment } from "#harness/cni/protocol/request.ts";
import { addResultSchema } from "#harness/cni/protocol/result.ts";
import { parseJson } from "#harness/core/text/json.ts";
import { CommandFailed } from "#harness/host/command-failed.ts";
import type { Host } from "#harness/host/host.ts";
import { dropFile, putFile } from "#harness/host/runner/runner.ts";

const entrySchema = z.object({
  network: z.string(),
  containerId: z.string(),
  netns: z.string(),
  ifName: z.string(),
  args: z.record(z.string(), z.string()).optional(),
  capabilityArgs: z.record(z.string(), z.unknown()).optional(),
  result: addResultSchema,
});

/** The final result of an ADD and the parameters that later calls must repeat. */
export type CachedAttachment = z.infer<typeof entrySchema>;

const missing = 3;
const readScript = `[ -e "$1" ] || exit ${missing}; cat -- "$1"`;

/** Final results on the host, one JSON file per attachment, so that they outlive the runtime's process. */
export class ResultCache {
  readonly #host: Host;
  readonly #folder: string;
  /** What this object has stored, by file: the host is asked only for what others did. */
  readonly #known = new Map<string, CachedAttachment>();

  /** `folder` is an absolute path on the host; it is made on first use. */
  constructor(host: Host, folder: string) {
    this.#host = host;
    this.#folder = folder;
  }

  #file(network: string, { containerId, ifName }: Pick<CniAttachment, "containerId" | "ifName">): string {
    return join(this.#folder, `${network}@${containerId}@${ifName}.json`);
  }

  async store(entry: CachedAttachment): Promise<void> {
    const file = this.#file(entry.network, entry);
    await putFile(this.#host, file, JSON.stringify(entry), 0o600);
    this.#known.set(file, entry);
  }

  async load(
    network: string,
    attachment: Pick<CniAttachment, "containerId" | "ifName">,
  ): Promise<CachedAttachment | undefined> {
    const file = this.#file(network, attachment);
    const known = this.#known.get(file);
    if (known) return known;
    const read = await this.#host.exec(["sh", "-c", readScript, "read-cache", file]);
    if (read.code === missing) return undefined;
    if (read.code !== 0) throw new CommandFailed(read);
    return this.#parse(file, read.stdout);
  }

  async remove(network: string, attachment: Pick<CniAttachment, "containerId" | "ifName">): Promise<void> {
    const file = this.#file(network, attachment);
    await dropFile(this.#host, file);
    this.#known.delete(file);
  }

  /** Every attachment of a network that was added and not deleted. */
  async list(network: string): Promise<CachedAttachment[]> {
    const find = ["find", this.#folder, "-maxdepth", "1", "-name", `${network}@*.json`];
    const found = await this.#host.exec(find);
    const files = found.stdout.split("\n").filter(Boolean).sort();
    return Promise.all(files.map(async (file) => this.#parse(file, await this.#host.files.readText(file))));
  }

  #parse(file: string, text: string): CachedAttachment {
    const json = parseJson(text);
    const entry = json.ok ? entrySchema.safeParse(json.value) : undefined;
    if (entry?.success) return entry.data;
    throw new ConfigurationError(`${file} on ${this.#host.name}: not a cached result of this runtime`, {
      hint: "remove it; its attachment has to be deleted by hand",
    });
  }
}
