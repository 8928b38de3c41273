import { AptIndex } from "#harness/cluster/engines/apt-index.ts";
import type { EngineRecipe, SourceContext } from "#harness/cluster/engines/recipe.ts";
import { UsageError } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { debianMirror } from "#harness/host/setup/mmdebstrap.ts";

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Packages of an engine, beside docker.io, where the suite has them: the command line, and the store of engines up to 20.10. */
const companions = ["docker-cli", "containerd"] as const;
const storePackages = ["etcd-server", "etcd-client"] as const;

/** The first version that has no cluster store. */
const withoutStore = 23;

/**
 * What a Debian suite carries now, or carried at a date of the archive's snapshots. Looks at the suite's lists each time, so
 * that another version there is another engine. Throws `UsageError` for a suite that has none.
 */
export async function fromDebian(
  { suite, date }: { readonly suite: string; readonly date?: string },
  { settings, progress }: SourceContext,
): Promise<EngineRecipe> {
  const word = `debian:${suite}${date ? `@${date}` : ""}`;
  const mirror = date
    ? snapshotOf(settings, word).replaceAll("{date}", date)
    : await debianMirror(settings, new LocalHost(), progress);
  const index = await AptIndex.open(describeSuite(mirror, suite), settings, progress, word);
  const [engine] = await index.versionsOf("docker.io");
  if (!engine) {
    throw new UsageError(
      `ENGINE=${word}: expected a suite with the package docker.io, got none in ${mirror}`,
      { hint: "name another suite, e.g. debian:trixie, or another day" },
    );
  }
  const wanted =
    Number.parseInt(engine.version, 10) < withoutStore ? [...companions, ...storePackages] : companions;
  const packages: string[] = [];
  for (const name of wanted) if ((await index.versionsOf(name)).length > 0) packages.push(name);
  return {
    what: `Docker ${engine.version} of Debian ${suite}`,
    word,
    content: `docker.io ${engine.version} ${engine.checksum}`,
    suite,
    ...(date ? { mirror } : {}),
    packages: [`docker.io=${engine.version}`, ...packages],
  };
}

function snapshotOf({ SNAPSHOT }: SourceContext["settings"], word: string): string {
  if (SNAPSHOT !== undefined) return SNAPSHOT;
  throw new UsageError(`ENGINE=${word}: expected SNAPSHOT, the mirror of earlier days, got none`, {
    hint: "set SNAPSHOT to a URL with {date}, e.g. of Debian's snapshot service",
  });
}

/** A suite as an apt source in deb822 format. */
export function describeSuite(mirror: string, suite: string): string {
  return `Types: deb\nURIs: ${mirror}\nSuites: ${suite}\nComponents: main\nSigned-By: ${keyring}\n`;
}
