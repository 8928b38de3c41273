import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";

const installMs = 300_000;

/**
 * Installs Debian packages on nodes, which have no way to a mirror, from files of this machine. What they depend on has to be among them
 * or on the nodes. A package that a node has in the same version is left alone; one that it had not goes when `scope` closes; one of
 * another version is replaced and stays. Throws `UsageError` for a file that is not there or no package, `HarnessError` with what
 * dpkg said when it refuses.
 */
export async function packages(
  scope: Scope,
  { nodes }: { readonly nodes: readonly Host[] },
  debs: readonly string[],
): Promise<void> {
  const files = await Promise.all(debs.map(readDeb));
  await Promise.all(nodes.map((node) => installOn(scope, node, files)));
}

interface Deb {
  readonly path: string;
  readonly content: Uint8Array;
}

async function readDeb(path: string): Promise<Deb> {
  const content = await readFile(path).catch((error: Error) => {
    throw new UsageError(`packages: expected a Debian package at ${path}, got ${error.message}`);
  });
  // A Debian package is an ar archive.
  if (content.subarray(0, 8).toString("latin1") !== "!<arch>\n") {
    throw new UsageError(`packages: expected a Debian package, got ${path}, which is none`);
  }
  return { path, content };
}

async function installOn(scope: Scope, node: Host, debs: readonly Deb[]): Promise<void> {
  const folder = (await node.run(["mktemp", "--directory"])).trim();
  try {
    const wanted: { name: string; place: string; replaces: boolean }[] = [];
    for (const [index, { path, content }] of debs.entries()) {
      const place = `${folder}/${index}-${basename(path)}`;
      await node.files.write(place, content);
      const fields = await node.run(["dpkg-deb", "--field", place, "Package", "Version"]);
      const [name, version] = [fieldOf(fields, "Package"), fieldOf(fields, "Version")];
      const installed = await versionOf(node, name);
      if (installed !== version) wanted.push({ name, place, replaces: installed !== undefined });
    }
    if (wanted.length === 0) return;
    const added = wanted.filter(({ replaces }) => !replaces).map(({ name }) => name);
    if (added.length > 0) {
      scope.defer(`${added.join(", ")} on ${node.name}`, () =>
        node.run(["dpkg", "--purge", ...added], { deadlineMs: installMs }),
      );
    }
    const installed = await node.exec(["dpkg", "--install", ...wanted.map(({ place }) => place)], {
      env: { DEBIAN_FRONTEND: "noninteractive" },
      deadlineMs: installMs,
    });
    if (installed.code === 0) return;
    const names = wanted.map(({ name }) => name).join(", ");
    throw new HarnessError(`${node.name} does not install ${names}: ${installed.stderr.trim()}`, {
      hint: "give packages() what they depend on as well: apt-get download NAME on a machine with the nodes' Debian",
    });
  } finally {
    await node.run(["rm", "-rf", folder]);
  }
}

/** The version of a package that is installed wholly. */
async function versionOf(node: Host, name: string): Promise<string | undefined> {
  const { code, stdout } = await node.exec(["dpkg-query", "--status", name]);
  const installed = code === 0 && fieldOf(stdout, "Status") === "install ok installed";
  return installed ? fieldOf(stdout, "Version") : undefined;
}

function fieldOf(control: string, field: string): string {
  return new RegExp(`^${field}: (.*)$`, "m").exec(control)?.[1] ?? "";
}
