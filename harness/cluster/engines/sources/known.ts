import { nodePackages } from "#harness/cluster/engines/packages.ts";
import type { EngineRecipe } from "#harness/cluster/engines/recipe.ts";
import { type EngineVersion, engines } from "#harness/core/engines/grammar.ts";

/** An engine version that has a short name. */
export async function fromKnown({ version }: { readonly version: EngineVersion }): Promise<EngineRecipe> {
  const { suite } = engines[version];
  return {
    what: `Docker ${version}`,
    word: version,
    content: version,
    version,
    suite,
    packages: await nodePackages(version),
  };
}
