import { ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { ensureNodeImage, type NodeImageSettings } from "#harness/cluster/images/node-image.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { type EngineChoice, parseEngine } from "#harness/core/engines/grammar.ts";
import { FoundVersions } from "./found-versions.ts";
import { recipeOf } from "./recipes.ts";
import { type NodeEngine, nameEngines, type TargetEngine } from "./target-engine.ts";

/** Makes what a node with that engine consists of, and yields the version of the engine. */
export type MakeNode = (choice: EngineChoice) => Promise<string>;

/**
 * The engines that a word of ENGINE asks for, with the versions that answer. One that is not known yet is found out by `make`.
 * Throws `UsageError` for a source that yields no engine.
 */
export async function identifyEngine(
  word: string,
  settings: NodeImageSettings,
  progress: Progress,
  make: MakeNode = (choice) => makeImage(choice, settings, progress),
): Promise<TargetEngine> {
  const nodes: NodeEngine[] = [];
  for (const choice of parseEngine(word)) {
    nodes.push({
      ...choice,
      version: (await knownVersion(choice, settings, progress)) ?? (await make(choice)),
    });
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
  { source }: EngineChoice,
  settings: NodeImageSettings,
  progress: Progress,
): Promise<string> {
  const engine = await ensureEngine(settings, progress);
  try {
    return (await ensureNodeImage(engine.docker, source, settings, progress)).version;
  } finally {
    await engine.release();
  }
}
