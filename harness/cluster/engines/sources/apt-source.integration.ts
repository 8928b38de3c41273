import { createReadStream, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { ensureNodeImage } from "#harness/cluster/images/node-image.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { disposableFolder } from "#harness/core/process/scratch.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { installMissing, updatePackageLists } from "#harness/host/setup/install.ts";
import { fromAptSource, isMeant } from "./apt-source.ts";

const local = new LocalHost();
const progress = progressOn(process.stderr);
const scratch = disposableFolder();
const repository = join(scratch.path, "repository");
const server = createServer((request, answer) => {
  const file = createReadStream(
    join(repository, decodeURIComponent(new URL(request.url ?? "", "http://x").pathname)),
  );
  file.on("error", () => answer.writeHead(404).end()).pipe(answer);
});
let base = "";
/** Version of the package docker.io in the repository. */
let version = "";

const shell = (script: string, ...args: string[]) => local.run(["sh", "-ec", script, "sh", ...args]);
const context = () => ({
  settings: readSettings({ CACHE: join(scratch.path, "cache") }),
  progress,
});

/** A repository of Debian's package docker.io, signed by a key that is made for it. */
beforeAll(async () => {
  const tools = [
    { program: "apt-ftparchive", packages: ["apt-utils"] },
    { program: "gpg", packages: ["gpg"] },
  ];
  await installMissing(local, progress, tools, "making an apt repository");
  await updatePackageLists(local, progress);
  mkdirSync(join(repository, "pool"), { recursive: true });
  await shell('cd "$1"; apt-get download docker.io', join(repository, "pool"));
  const [file = ""] = readdirSync(join(repository, "pool"));
  version = (await local.run(["dpkg-deb", "--field", join(repository, "pool", file), "Version"])).trim();
  for (const user of ["own", "stranger"]) {
    await shell(
      `export GNUPGHOME="$1/$2"; mkdir -m 700 "$GNUPGHOME"
       gpg --batch --quiet --passphrase '' --quick-generate-key "$2@example.org" ed25519 sign never
       gpg --armor --export >"$1/$2.asc"; gpgconf --kill all`,
      scratch.path,
      user,
    );
  }
  await shell(
    `cd "$1"; mkdir -p dists/trixie/main/binary-$(dpkg --print-architecture)
     apt-ftparchive packages pool >dists/trixie/main/binary-$(dpkg --print-architecture)/Packages
     apt-ftparchive -o APT::FTPArchive::Release::Suite=trixie -o APT::FTPArchive::Release::Components=main \
       -o APT::FTPArchive::Release::Architectures=$(dpkg --print-architecture) release dists/trixie >Release
     mv Release dists/trixie/Release
     GNUPGHOME="$2" gpg --batch --quiet --clearsign --output dists/trixie/InRelease dists/trixie/Release
     GNUPGHOME="$2" gpgconf --kill all`,
    repository,
    join(scratch.path, "own"),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 300_000);

afterAll(() => {
  server.closeAllConnections();
  server.close();
  scratch[Symbol.dispose]();
});

function writeSource(name: string, key = "./own.asc", suites = "trixie"): string {
  const path = join(scratch.path, name);
  const lines = [
    "Types: deb",
    `URIs: ${base}/`,
    `Suites: ${suites}`,
    "Components: main",
    `Signed-By: ${key}`,
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

test("a version is found by itself and by its beginning, and brings the packages that belong to it", async () => {
  const path = writeSource("good.sources");
  const whole = await fromAptSource({ path, version }, context());
  expect(whole).toMatchObject({
    word: `${path}@${version}`,
    suite: "trixie",
    packages: [`docker.io=${version}`, "containerd"],
    aptSource: expect.stringContaining(`Signed-By: ${scratch.path}/own.asc`),
  });
  expect(whole.content).toMatch(new RegExp(`^docker\\.io ${RegExp.escape(version)} [0-9a-f]{64} `));
  const beginning = version.split(/[+-]/)[0] ?? "";
  expect((await fromAptSource({ path, version: beginning }, context())).content).toBe(whole.content);
});

test("a node image is made of those packages, and its engine tells their version", async () => {
  const settings = readSettings();
  const engine = await ensureEngine(settings, progress);
  try {
    const source = { kind: "apt", path: writeSource("image.sources"), version } as const;
    const made = await ensureNodeImage(engine.docker, source, settings, progress);
    try {
      expect(made.image).toMatch(/^netconform\/node:image\.sources-/);
      expect(isMeant(version, made.version)).toBe(true);
    } finally {
      await engine.docker.getImage(made.image).remove();
    }
  } finally {
    await engine.release();
  }
}, 300_000);

test("a version that is not there is told with those that are", async () => {
  const path = writeSource("good.sources");
  await expect(fromAptSource({ path, version: "99.1" }, context())).rejects.toThrow(
    `got 99.1; there is ${version}`,
  );
});

test("a source that another key has signed is refused, and so are one without a key and one without lists", async () => {
  const foreign = writeSource("foreign.sources", "./stranger.asc");
  await expect(fromAptSource({ path: foreign, version }, context())).rejects.toThrow(
    /foreign\.sources@\S+: expected an apt source with packages, apt says\n.*(NO_PUBKEY|not signed|verif)/s,
  );
  const lost = writeSource("lost.sources", "./own.asc", "nosuch");
  await expect(fromAptSource({ path: lost, version }, context())).rejects.toThrow(
    /expected a suite of http:\S+, which has none called nosuch\n {2}next: /,
  );
  const keyless = writeSource("keyless.sources", "./nobody.asc");
  await expect(fromAptSource({ path: keyless, version }, context())).rejects.toThrow(
    `expected the key that Signed-By names, got no such file ${join(scratch.path, "nobody.asc")}`,
  );
  const bare = join(scratch.path, "bare.sources");
  writeFileSync(bare, `Types: deb\nURIs: ${base}/\nSuites: trixie\nComponents: main\n`);
  await expect(fromAptSource({ path: bare, version }, context())).rejects.toThrow(
    /none of its field Signed-By/,
  );
  const path = join(scratch.path, "nosuch.sources");
  await expect(fromAptSource({ path, version }, context())).rejects.toThrow(/got no such file/);
});

test.each([
  ["5:29.1.3-1~debian.13~trixie", "5:29.1.3", true],
  ["5:29.1.3-1~debian.13~trixie", "29.1.3", true],
  ["5:29.1.3-1~debian.13~trixie", "29.1", true],
  ["5:29.1.3-1~debian.13~trixie", "29", true],
  ["5:29.1.30-1", "29.1.3", false],
  ["5:29.1.3-1", "9.1.3", false],
])("%s is meant by %s: %s", (offered, asked, is) => {
  expect(isMeant(offered, asked)).toBe(is);
});
