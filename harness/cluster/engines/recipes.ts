import type { EngineSource } from "#harness/core/engines/grammar.ts";
import type { EngineRecipe, SourceContext } from "./recipe.ts";
import { fromFolder } from "./sources/folder.ts";
import { fromKnown } from "./sources/known.ts";
import { fromTarball } from "./sources/tarball.ts";

/** How the engine of a source gets into a node. Throws `UsageError` where there is none of it. */
export function recipeOf(source: EngineSource, _context: SourceContext): Promise<EngineRecipe> {
  switch (source.kind) {
    case "known":
      return fromKnown(source);
    case "tarball":
      return fromTarball(source);
    case "folder":
      return fromFolder(source);
    default:
      throw new Error(source.kind);
  }
}
