import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type Docker from "dockerode";
import { ownerLabels } from "#harness/cluster/containers/labels.ts";
import { askVersion } from "#harness/cluster/engines/ask-image.ts";
import { FoundVersions } from "#harness/cluster/engines/found-versions.ts";
import { nodePackages } from "#harness/cluster/engines/packages.ts";
import type { EngineRecipe, EngineSettings } from "#harness/cluster/engines/recipe.ts";
import { recipeOf } from "#harness/cluster/engines/recipes.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { type EngineSource, formatSource } from "#harness/core/engines/grammar.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { withLock } from "#harness/core/process/lock.ts";
import { disposableFolder } from "#harness/core/process/scratch.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { type BuilderSettings, buildSystem } from "./builder/builder.ts";
import { importArchive, splitImage } from "./import.ts";
import { imageLabel } from "./node-contract.ts";
import { ensurePulled } from "./pull.ts";

const vagrant = join(projectRoot, "vagrant");
const scripts = ["provision.sh", "netconform-node", "netconform-engine"].map((name) => join(vagrant, name));
const repository = "netconform/node";
/** The source of the engine, in short. */
const versionLabel = "netconform.engine";
/** What the image was made from, as JSON in base64. */
const recipeLabel = "netconform.recipe";

const changes = [
  'ENTRYPOINT ["/usr/bin/tini", "--"]',
  'CMD ["/usr/local/sbin/netconform-node"]',
  "VOLUME /var/lib/docker",
];

/** How long an image that nobody uses stays: another run may be about to. */
const spareMs = 60 * 60_000;

/** What node images take of the settings. */
export type NodeImageSettings = BuildSettings & Pick<Settings, "NODE_IMAGE">;

type BuildSettings = EngineSettings & BuilderSettings;

/** What of a recipe makes an image another one. */
type Ingredients = Pick<EngineRecipe, "word" | "content" | "suite" | "mirror" | "packages">;

/** A node image in an engine. */
export interface NodeImage {
  readonly image: string;
  /** What its dockerd calls itself, or the beginning of it where the source says that. */
  readonly version: string;
}

/**
 * The node image with an engine: NODE_IMAGE where it is set, else one that is built from Debian packages, and what else the
 * engine is made of, when the host engine lacks it. That happens once even if several runs ask; unused older images of the same
 * source go. Throws `UsageError` where NODE_IMAGE is no such image, or the source yields no engine.
 */
export async function ensureNodeImage(
  docker: Docker,
  source: EngineSource,
  settings: NodeImageSettings,
  progress: Progress,
): Promise<NodeImage> {
  const recipe = () => recipeOf(source, { settings, progress });
  if (settings.NODE_IMAGE !== undefined) return givenImage(docker, { source, recipe }, settings.NODE_IMAGE);
  return builtImage(docker, await recipe(), settings, progress);
}

async function builtImage(
  docker: Docker,
  recipe: EngineRecipe,
  settings: BuildSettings,
  progress: Progress,
): Promise<NodeImage> {
  const image = await nodeImageName(recipe);
  const build = async () => {
    if (await exists(docker, image)) return;
    await make(docker, { recipe, image }, settings, progress);
    await removeOlder(docker, recipe, image);
  };
  if (!(await exists(docker, image))) {
    await withLock(`${settings.CACHE} ${image}`, build, { what: `building ${image}` });
  }
  return { image, version: await versionIn(docker, image, recipe, settings) };
}

async function versionIn(
  docker: Docker,
  image: string,
  { version, content, what }: EngineRecipe,
  settings: Pick<Settings, "CACHE">,
): Promise<string> {
  if (version !== undefined) return version;
  const found = new FoundVersions(settings);
  const known = await found.find(content);
  if (known !== undefined) return known;
  const told = await askVersion(docker, image, what);
  await found.keep(content, told);
  return told;
}

/** The name of the node image that this version of the project builds: `netconform/node:<source>-<hash of what is in it>`. */
async function nodeImageName({ word, content, suite, mirror = "", packages }: Ingredients): Promise<string> {
  const inputs = [suite, mirror, content, await nodeOptions(packages), changes];
  const hash = createHash("sha256").update(JSON.stringify(inputs));
  for (const script of scripts) hash.update(await readFile(script));
  return `${repository}:${labelOf({ word })}-${hash.digest("hex").slice(0, 12)}`;
}

/** A source as part of a name: letters, digits, dots and dashes. */
export function labelOf({ word }: Pick<EngineRecipe, "word">): string {
  const label = basename(word)
    .replace(/(\.tar)?\.t?gz$/, "")
    .replaceAll(/[^a-zA-Z0-9.]+/g, "-");
  return label.replace(/^[-.]+/, "").slice(0, 60) || "engine";
}

async function nodeOptions(packages: readonly string[]): Promise<string[]> {
  return [`--include=${[...packages, ...(await nodePackages("none"))].join(",")}`, ...systemOptions];
}

/** The name that this version of the project gives to what an image was made from; `undefined` for one that it did not make. */
export async function currentName(docker: Docker, image: string): Promise<string | undefined> {
  const ingredients = await ingredientsOf(docker, image);
  return ingredients && nodeImageName(ingredients);
}

async function ingredientsOf(docker: Docker, image: string): Promise<Ingredients | undefined> {
  const { Config } = await docker.getImage(image).inspect();
  const label = Config.Labels?.[recipeLabel];
  return label === undefined ? undefined : (JSON.parse(atob(label)) as Ingredients);
}

async function givenImage(
  docker: Docker,
  { source, recipe }: { source: EngineSource; recipe: () => Promise<EngineRecipe> },
  image: string,
): Promise<NodeImage> {
  await ensurePulled(docker, image, "the Docker Engine", "NODE_IMAGE");
  const wanted = formatSource(source);
  const has = await ingredientsOf(docker, image);
  if (has && (has.word === wanted || has.content === (await recipe()).content)) {
    const version = source.kind === "known" ? source.version : await askVersion(docker, image, image);
    return { image, version };
  }
  const got = has === undefined ? "an image that this project did not make" : `one with Docker ${has.word}`;
  throw new UsageError(
    `NODE_IMAGE=${image}: expected a node image with Docker ${wanted}, got ${got} (set in the environment)`,
    { hint: "correct NODE_IMAGE or ENGINE; `netconform images save` makes such images into a file" },
  );
}

/** The image gets its name only when the whole system has arrived, and its dockerd has told its version. */
async function make(
  docker: Docker,
  { recipe, image }: { recipe: EngineRecipe; image: string },
  settings: BuildSettings,
  progress: Progress,
): Promise<void> {
  const { word, content, suite, mirror, packages } = recipe;
  const ingredients: Ingredients = { word, content, suite, ...(mirror ? { mirror } : {}), packages };
  const labels = {
    ...imageLabel,
    [versionLabel]: labelOf(recipe),
    [recipeLabel]: btoa(JSON.stringify(ingredients)),
  };
  const marks = Object.entries(labels).map(([key, value]) => `LABEL ${key}="${value}"`);
  const id = recipe.pack
    ? await addPrograms(docker, recipe, marks, settings, progress)
    : await importSystem(docker, recipe, marks, settings, progress);
  try {
    await versionIn(docker, id, recipe, settings);
    const [repo, tag] = splitImage(image);
    await docker.getImage(id).tag({ repo, tag });
  } catch (error) {
    await docker.getImage(id).remove();
    throw error;
  }
}

/** A system with everything from packages. Yields the image's id. */
async function importSystem(
  docker: Docker,
  { what, suite, mirror, aptSource, packages }: EngineRecipe,
  marks: readonly string[],
  settings: BuildSettings,
  progress: Progress,
): Promise<string> {
  let id: string | undefined;
  try {
    await buildSystem(docker, settings, progress, {
      what: `the node image with ${what}`,
      ...{ suite, mirror, aptSource },
      options: await nodeOptions(packages),
      source: vagrant,
      consume: async (archive) => {
        id = await importArchive(docker, archive, { changes: [...changes, ...marks] });
      },
    });
  } catch (error) {
    if (id) await docker.getImage(id).remove();
    throw error;
  }
  return id ?? "";
}

/** The same system for all programs that come in no package, with those of this engine. Yields the image's id. */
async function addPrograms(
  docker: Docker,
  { what, suite, packages, pack }: EngineRecipe,
  marks: readonly string[],
  settings: BuildSettings,
  progress: Progress,
): Promise<string> {
  using folder = disposableFolder();
  // What is no engine is told before anything is built.
  const programs = await progress.step(`looking at ${what}`, async () => pack?.(folder.path));
  if (programs === undefined) throw new HarnessError(`${what} has no programs`);
  const bare = { word: "no-engine", content: "none", version: "none", suite, packages };
  const { image } = await builtImage(docker, { ...bare, what: "no engine" }, settings, progress);
  return await progress.step(`putting ${what} into a node image`, async () => {
    const container = await docker.createContainer({
      Image: image,
      Labels: { ...imageLabel, ...ownerLabels() },
    });
    try {
      await container.putArchive(programs, { path: "/usr/local/bin" });
      const { Id } = (await container.commit({ changes: marks })) as { Id: string };
      return Id;
    } finally {
      await container.remove({ v: true });
    }
  });
}

/** Removes images of this source that we made, that are not `current`, that nothing uses, and that nobody gave another name. */
async function removeOlder(docker: Docker, recipe: EngineRecipe, current: string): Promise<void> {
  const label = [...Object.entries(imageLabel), [versionLabel, labelOf(recipe)]].map((pair) =>
    pair.join("="),
  );
  const images = await docker.listImages({ filters: { label } });
  const spare = images.filter(
    ({ RepoTags, Created }) =>
      !RepoTags?.includes(current) &&
      (RepoTags ?? []).every((tag) => tag.startsWith(`${repository}:`)) &&
      Date.now() - Created * 1000 > spareMs,
  );
  for (const { Id } of spare) {
    await docker
      .getImage(Id)
      .remove()
      .catch((error: { statusCode?: number }) => {
        // 409: a container uses it; 404: another run was faster.
        if (error.statusCode !== 409 && error.statusCode !== 404) throw error;
      });
  }
}

async function exists(docker: Docker, image: string): Promise<boolean> {
  return docker
    .getImage(image)
    .inspect()
    .then(
      () => true,
      (error: { statusCode?: number }) => {
        if (error.statusCode === 404) return false;
        throw error;
      },
    );
}

const unneeded = ["doc", "man", "info", "locale", "lintian", "bash-completion", "zsh"];

/** Options for mmdebstrap that make a system of those packages a node; hooks find this project's folder `vagrant` as `$SOURCE`. */
export const systemOptions: readonly string[] = [
  '--aptopt=APT::Install-Recommends "false"',
  "--variant=apt",
  "--components=main",
  "--dpkgopt=force-unsafe-io",
  ...unneeded.map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`),
  '--customize-hook=mkdir "$1/provision" && install "$SOURCE"/provision.sh "$SOURCE"/netconform-* "$1/provision"',
  '--customize-hook=chroot "$1" /provision/provision.sh configure',
  '--customize-hook=rm -r "$1/provision" "$1"/etc/ssh/ssh_host_*',
];
