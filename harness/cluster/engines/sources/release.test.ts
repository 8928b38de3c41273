import { existsSync, readdirSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { progressOn } from "#harness/core/async/progress.ts";
import { disposableFolder } from "#harness/core/process/scratch.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { fromRelease } from "./release.ts";

/** What the server answers, by path; a function answers by itself. */
const site = new Map<string, string | RequestListener>();
const asked: string[] = [];
const server = createServer((request, answer) => {
  const path = request.url ?? "";
  asked.push(path);
  const content = site.get(path);
  if (typeof content === "function") content(request, answer);
  else if (content === undefined) answer.writeHead(404).end();
  else answer.end(content);
});
const scratch = disposableFolder();
let base = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  scratch[Symbol.dispose]();
});

function context(cache: string) {
  const ENGINE_SOURCE = `${base}/{arch}/docker-{version}.tgz`;
  return {
    settings: readSettings({ ENGINE_SOURCE, CACHE: join(scratch.path, cache) }),
    progress: progressOn(process.stderr),
  };
}
const arch = { x64: "x86_64", arm64: "aarch64", arm: "armhf" }[process.arch as "x64"] ?? process.arch;

test("a release is fetched once, and is what it was", async () => {
  site.set(`/${arch}/docker-29.7.2.tgz`, "archive");
  const first = await fromRelease({ version: "29.7.2" }, context("once"));
  const before = asked.length;
  const second = await fromRelease({ version: "29.7.2" }, context("once"));
  expect(asked).toHaveLength(before);
  expect(second).toMatchObject({ what: "Docker 29.7.2", word: "29.7.2", content: first.content });
});

test("another archive under its name is refused", async () => {
  site.set(`/${arch}/docker-29.7.3.tgz`, "archive");
  const settings = context("changed");
  await fromRelease({ version: "29.7.3" }, settings);
  site.set(`/${arch}/docker-29.7.3.tgz`, "another");
  const folder = join(scratch.path, "changed/engines/releases");
  const [key = ""] = readdirSync(folder);
  rmSync(join(folder, key, "docker-29.7.3.tgz"));
  await expect(fromRelease({ version: "29.7.3" }, settings)).rejects.toThrow(
    /expected the archive that http:\S+ was before, SHA-256 \w{64}, got \w{64}/,
  );
  expect(existsSync(join(folder, key, "docker-29.7.3.tgz"))).toBe(false);
});

test("newest is the highest of the versions that the folder links to", async () => {
  const links = ["29.9.1", "29.10.0", "28.5.2"].map((version) => `<a href="docker-${version}.tgz">x</a>`);
  site.set(`/${arch}/`, `${links.join("\n")}<a href="docker-rootless-extras-30.0.0.tgz">x</a>`);
  site.set(`/${arch}/docker-29.10.0.tgz`, "newest archive");
  expect(await fromRelease({ version: "newest" }, context("newest"))).toMatchObject({ word: "29.10.0" });
  site.set(`/${arch}/`, "nothing here");
  await expect(fromRelease({ version: "newest" }, context("newest"))).rejects.toThrow(
    /ENGINE=newest: expected links to releases in http:\S+, got none/,
  );
});

test("a version that is not there, and an archive that ends early, are told by address", async () => {
  await expect(fromRelease({ version: "29.9.9" }, context("gone"))).rejects.toThrow(
    /ENGINE=29\.9\.9: expected a release at http:\S+docker-29\.9\.9\.tgz, got 404/,
  );
  site.set(`/${arch}/docker-29.8.0.tgz`, (_, answer) => {
    answer.writeHead(200, { "content-length": "1000" });
    answer.write("half", () => answer.destroy());
  });
  await expect(fromRelease({ version: "29.8.0" }, context("half"))).rejects.toThrow(
    /ENGINE=29\.8\.0: http:\S+ ended before its end/,
  );
  server.closeAllConnections();
});
