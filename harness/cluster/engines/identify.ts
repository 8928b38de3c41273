import { ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { ensureNodeImage, type NodeImageSettings } from "#harness/cluster/images/node-image.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { type EngineChoice, parseEngine } from "#harness/core/engines/grammar.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { checkFlags } from "./ask-image.ts";
import { FoundVersions } from "./found-versions.ts";
import { recipeOf } from "./recipes.ts";
import { type NodeEngine, nameEngines, type TargetEngine } from "./target-engine.ts";

/** Makes what a node with that engine consists of, and yields the version of the engine. Throws `UsageError` where it refuses its flags. */
export type MakeNode = (choice: EngineChoice) => Promise<string>;

/** `CLUSTER` where nodes are of a provider's own making: machines of Vagrant judge flags when their engine starts. */
type IdentifySettings = NodeImageSettings & Partial<Pick<Settings, "CLUSTER">>;

/**
 * The engines that a word of ENGINE asks for, with the versions that answer. One that is not known yet, or that has flags, is found out
 * by `make`. Throws `UsageError` for a source that yields no engine, and for flags that it refuses.
 */
export async function identifyEngine(
  word: string,
  settings: IdentifySettings,
  progress: Progress,
  make: MakeNode = (choice) => makeImage(choice, settings, progress),
): Promise<TargetEngine> {
  const nodes: NodeEngine[] = [];
  for (const choice of parseEngine(word)) {
    const judged = choice.flags.length === 0 || settings.CLUSTER === "vagrant";
    const known = judged ? await knownVersion(choice, settings, progress) : undefined;
    nodes.push({ ...choice, version: known ?? (await make(choice)) });
  }
  return nameEngines(nodes);
}

/** The version where the word tells it, or content of that kind has told it before. */
async function knownVersion(
  { source }: EngineChoice,
  settings: NodeImageSettings,
  progress: Progress,
): Promise<string | undefined> {
  if (source.kind === "known") return source.version;
  // Such an image need not be of the content that the source has here.
  if (settings.NODE_IMAGE !== undefined) return undefined;
  const { content } = await recipeOf(source, { settings, progress });
  return new FoundVersions(settings).find(content);
}

async function makeImage(
  { source, flags }: EngineChoice,
  settings: NodeImageSettings,
  progress: Progress,
): Promise<string> {
  const engine = await ensureEngine(settings, progress);
  try {
    const { image, version } = await ensureNodeImage(engine.docker, source, settings, progress);
    await checkFlags(engine.docker, image, flags, `ENGINE: Docker ${version}`);
    return version;
  } finally {
    await engine.release();
  }
}
