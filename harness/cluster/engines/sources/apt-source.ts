import { readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AptIndex, type OfferedPackage } from "#harness/cluster/engines/apt-index.ts";
import type { EngineRecipe, SourceContext } from "#harness/cluster/engines/recipe.ts";
import { UsageError } from "#harness/core/errors.ts";
import { baseSuite, hashText } from "./programs.ts";

/** Packages with dockerd, and those of the same version that belong to it. Docker's own bring their own containerd. */
const products = [
  { name: "docker-ce", same: ["docker-ce-cli"], others: [] },
  { name: "docker.io", same: ["docker-cli"], others: ["containerd"] },
  { name: "moby-engine", same: [], others: ["moby-cli"] },
] as const;

const sourceHint = "write the source as docs/engines.md has it: Types, URIs, Suites, Components, Signed-By";

/** Debian suites that a system can be made of. */
const suites = ["bookworm", "trixie", "forky", "sid"];

/**
 * Packages from an apt source, a file in deb822 format with `Signed-By`, in the version that is asked for: as apt has it, or its
 * beginning, with or without the epoch. The system is of the suite that the file names where that is Debian's. Throws
 * `UsageError` with the versions that there are.
 */
export async function fromAptSource(
  { path, version }: { readonly path: string; readonly version: string },
  { settings, progress }: SourceContext,
): Promise<EngineRecipe> {
  const word = `${path}@${version}`;
  const text = absoluteKeys(await readSource(path, word), dirname(path));
  await requireKeys(text, word);
  const index = await AptIndex.open(text, settings, progress, word);
  const offers: OfferedPackage[] = [];
  for (const { name, same, others } of products) {
    const versions = await index.versionsOf(name);
    offers.push(...versions);
    const found = versions.find((one) => isMeant(one.version, version));
    if (!found) continue;
    const packages = [`${name}=${found.version}`];
    for (const one of same) {
      const fits = (await index.versionsOf(one)).some((offer) => offer.version === found.version);
      if (fits) packages.push(`${one}=${found.version}`);
    }
    return {
      what: `${name} ${found.version} of ${path}`,
      word,
      content: `${name} ${found.version} ${found.checksum} ${hashText(text)}`,
      suite: suiteOf(text),
      aptSource: text,
      packages: [...packages, ...others],
    };
  }
  const there = [...new Set(offers.map((offer) => offer.version))].join(", ");
  throw new UsageError(
    `ENGINE=${word}: expected a version of ${products.map(({ name }) => name).join(", ")} in ${path}, got ${version}; there is ${there || "none"}`,
    { hint: "put a version that is there behind the @" },
  );
}

/** Whether a version is the one that was asked for, or begins with it at a boundary: `5:29.1.3-1~debian.13` of `29.1.3`. */
export function isMeant(offered: string, asked: string): boolean {
  return [offered, offered.replace(/^\d+:/, "")].some(
    (version) => version.startsWith(asked) && !/^[\da-z]/i.test(version.slice(asked.length)),
  );
}

async function readSource(path: string, word: string): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => {
    throw new UsageError(`ENGINE=${word}: expected an apt source, got no such file ${path}`, {
      hint: sourceHint,
    });
  });
  for (const field of ["Types", "URIs", "Suites", "Signed-By"]) {
    if (new RegExp(`^${field}:`, "mi").test(text)) continue;
    throw new UsageError(
      `ENGINE=${word}: expected an apt source in deb822 format, got none of its field ${field}`,
      { hint: sourceHint },
    );
  }
  return text;
}

/** Requires the files that `Signed-By` names; what apt says of one that is missing is that nothing is signed. */
async function requireKeys(text: string, word: string): Promise<void> {
  const named = /^Signed-By:[ \t]*(\/.*)$/im.exec(text)?.[1] ?? "";
  for (const path of named.split(/[\s,]+/).filter((part) => part.startsWith("/"))) {
    const isFile = await stat(path).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isFile) continue;
    throw new UsageError(`ENGINE=${word}: expected the key that Signed-By names, got no such file ${path}`, {
      hint: "put the key there, or correct Signed-By; a path that begins with ./ is beside the apt source",
    });
  }
}

/** Keys that lie beside the file, by their whole paths. */
function absoluteKeys(text: string, folder: string): string {
  return text.replaceAll(/^(Signed-By:[ \t]*)(\.{1,2}\/\S+)/gim, (_, field: string, key: string) => {
    return `${field}${resolve(join(folder, key))}`;
  });
}

function suiteOf(text: string): string {
  const named = /^Suites:\s*(\S+)/im.exec(text)?.[1] ?? "";
  return suites.includes(named) ? named : baseSuite;
}
