import { join } from "node:path/posix";
import { z } from "zod";
import type { Host } from "#harness/host/host.ts";
import { ConfigurationError } from "./errors.ts";
import type { Attachment } from "./request.ts";
import { addResultSchema, parseJson } from "./result.ts";

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

/** Final results on the host, one JSON file per attachment, so that they outlive the runtime's process. */
export class ResultCache {
  readonly #host: Host;
  readonly #folder: string;
  #made: Promise<unknown> | undefined;

  /** `folder` is an absolute path on the host; it is made on first use. */
  constructor(host: Host, folder: string) {
    this.#host = host;
    this.#folder = folder;
  }

  #file(network: string, { containerId, ifName }: Pick<Attachment, "containerId" | "ifName">): string {
    return join(this.#folder, `${network}@${containerId}@${ifName}.json`);
  }

  async store(entry: CachedAttachment): Promise<void> {
    this.#made ??= this.#host.run(["mkdir", "-p", this.#folder]);
    await this.#made;
    await this.#host.files.write(this.#file(entry.network, entry), JSON.stringify(entry), 0o600);
  }

  async load(
    network: string,
    attachment: Pick<Attachment, "containerId" | "ifName">,
  ): Promise<CachedAttachment | undefined> {
    const file = this.#file(network, attachment);
    return (await this.#host.files.exists(file)) ? this.#read(file) : undefined;
  }

  async remove(network: string, attachment: Pick<Attachment, "containerId" | "ifName">): Promise<void> {
    const file = this.#file(network, attachment);
    if (await this.#host.files.exists(file)) await this.#host.files.remove(file);
  }

  /** Every attachment of a network that was added and not deleted. */
  async list(network: string): Promise<CachedAttachment[]> {
    const find = ["find", this.#folder, "-maxdepth", "1", "-name", `${network}@*.json`];
    const found = await this.#host.exec(find);
    const files = found.stdout.split("\n").filter(Boolean).sort();
    return Promise.all(files.map((file) => this.#read(file)));
  }

  async #read(file: string): Promise<CachedAttachment> {
    const json = parseJson(await this.#host.files.readText(file));
    const entry = json.ok ? entrySchema.safeParse(json.value) : undefined;
    if (entry?.success) return entry.data;
    throw new ConfigurationError(`${file} on ${this.#host.name}: not a cached result of this runtime`, {
      hint: "remove it; its attachment has to be deleted by hand",
    });
  }
}
