import type { EngineSource } from "#harness/core/engines/grammar.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { EngineRecipe, SourceContext } from "./recipe.ts";
import { fromAptSource } from "./sources/apt-source.ts";
import { fromDebian } from "./sources/debian.ts";
import { fromFolder } from "./sources/folder.ts";
import { fromKnown } from "./sources/known.ts";
import { fromRelease } from "./sources/release.ts";
import { fromTarball } from "./sources/tarball.ts";

/** How the engine of a source gets into a node. Throws `UsageError` where there is none of it. */
export async function recipeOf(source: EngineSource, context: SourceContext): Promise<EngineRecipe> {
  switch (source.kind) {
    case "known":
      return fromKnown(source);
    case "debian":
      return fromDebian(source, context);
    case "apt":
      return fromAptSource(source, context);
    case "tarball":
      return fromTarball(source);
    case "folder":
      return fromFolder(source);
    case "release":
      return fromRelease(source, context);
    case "given":
      throw new HarnessError("the engine of a host that exists was to be put into a node");
  }
}
