import { resolve } from "node:path";
import { newCommand, runMain } from "#harness/cli/run.ts";
import { type Engine, ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { loadImages, saveImages } from "#harness/cluster/images/image-file.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { readSettings } from "#harness/core/settings/settings.ts";

const progress = progressOn(process.stderr);

const program = newCommand("images").description(
  "Node and workload images as a file, for machines that reach no Debian mirror or lack mmdebstrap.",
);

program
  .command("save")
  .description("writes the images for every ENGINE into a file; makes those that are missing")
  .argument("<file>", "a tar archive, as `docker save` writes it")
  .action((file: string) => runMain(() => withEngine((engine, settings) => save(engine, settings, file))));

program
  .command("load")
  .description("gives the images of such a file to the Docker Engine and to the cache")
  .argument("<file>", "what save wrote")
  .action((file: string) => runMain(() => withEngine((engine, settings) => load(engine, settings, file))));

/** Images that travel. */
export { program as command };

async function withEngine(work: (engine: Engine, settings: Settings) => Promise<number>): Promise<number> {
  const settings = readSettings();
  const engine = await ensureEngine(settings, progress);
  try {
    return await work(engine, settings);
  } finally {
    await engine.release();
  }
}

async function save({ docker }: Engine, settings: Settings, file: string): Promise<number> {
  const names = await saveImages(docker, settings.ENGINE, resolve(file), settings, progress);
  for (const name of names) console.log(`saved ${name}`);
  return 0;
}

async function load({ docker }: Engine, settings: Settings, file: string): Promise<number> {
  for (const { image, fits } of await loadImages(docker, resolve(file), settings, progress)) {
    console.log(
      `loaded ${image}${fits ? "" : ", which another version of netconform made: NODE_IMAGE names it"}`,
    );
  }
  return 0;
}
