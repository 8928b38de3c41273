import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadDriver } from "#drivers/loader.ts";
import { Blocked, UsageError } from "#harness/core/errors.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { programFile } from "#harness/host/agent/program.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { programs, readRelease } from "./release.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-contiv-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Folder with files that look like programs, in `at`. */
function release(at: string, names: readonly string[] = programs): string {
  const place = join(folder, at);
  mkdirSync(place, { recursive: true });
  for (const name of names) writeFileSync(join(place, name), `\x7fELF ${name}`);
  return place;
}

const given = (env: NodeJS.ProcessEnv) => readRelease(readSettings(env));
const local = new LocalHost();

/** A tarball of folders, by their names in it. */
async function pack(name: string, ...folders: [place: string, as: string][]): Promise<string> {
  const packed = join(folder, name);
  const script =
    "import sys, tarfile; tar = tarfile.open(sys.argv[1], 'w:bz2'); [tar.add(*pair.split('=')) for pair in sys.argv[2:]]; tar.close()";
  await local.run(["python3", "-c", script, packed, ...folders.map((pair) => pair.join("="))]);
  return packed;
}

describe("a release of Contiv", () => {
  it("that is not given blocks, and says what to set", async () => {
    await expect(given({})).rejects.toThrow(new Blocked("no Contiv release given (CONTIV=…)"));
  });

  it("can be a folder with the three programs, and must have them all", async () => {
    const read = await given({ CONTIV: release("complete") });
    expect(read.kind === "programs" && [...read.contents.keys()]).toEqual(programs);
    const lacking = release("lacking", ["netctl", "netplugin"]);
    await expect(given({ CONTIV: lacking })).rejects.toThrow(
      /expected netctl, netmaster, netplugin in .*, got no netmaster/,
    );
  });

  it("that is not there is a mistake of the user", async () => {
    await expect(given({ CONTIV: join(folder, "nowhere.tar.bz2") })).rejects.toThrow(UsageError);
  });

  it("must have its checksum, where one is given", async () => {
    const path = await pack("sum.tar.bz2", [release("sum"), "bin"]);
    const sum = createHash("sha256").update(readFileSync(path)).digest("hex");
    expect((await given({ CONTIV: path, CONTIV_SHA256: sum.toUpperCase() })).kind).toBe("archive");
    const other = "0".repeat(64);
    await expect(given({ CONTIV: path, CONTIV_SHA256: other })).rejects.toThrow(
      `expected SHA-256 ${other} (CONTIV_SHA256), got ${sum}`,
    );
  });

  it("that is something else is a mistake of the user, before there is a node", async () => {
    const other = await pack("other.tar.bz2", [release("other", ["netctl", "cilium"]), "bin"]);
    await expect(given({ CONTIV: other })).rejects.toThrow(
      `CONTIV=${other}: expected a tar archive with netctl, netmaster, netplugin, got no program netmaster, netplugin in it`,
    );
    const page = join(folder, "page.html");
    writeFileSync(page, "<html>moved</html>");
    await expect(given({ CONTIV: page })).rejects.toThrow(/, got not a tar archive: /);
  });

  it("can be a URL, and what does not answer there is a mistake of the user", async () => {
    const path = await pack("far.tar.bz2", [release("far"), "bin"]);
    const server = createServer((request, answer) => {
      if (request.url === "/far.tar.bz2") answer.end(readFileSync(path));
      else answer.writeHead(404).end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const read = await given({ CONTIV: `${url}/far.tar.bz2` });
    expect(read.kind === "archive" && Buffer.from(read.content).equals(readFileSync(path))).toBe(true);
    await expect(given({ CONTIV: `${url}/near` })).rejects.toThrow(
      new RegExp(`CONTIV=${url}/near: expected a release there, got HTTP 404`),
    );
    server.close();
    server.closeAllConnections();
    await once(server, "close");
    await expect(given({ CONTIV: `${url}/far.tar.bz2` })).rejects.toThrow(
      /expected a release there, got .*ECONNREFUSED/,
    );
  });

  it("is unpacked to its programs alone, wherever they are in it", async () => {
    const tree = release("netplugin-1");
    mkdirSync(join(tree, "contrib/netctl"), { recursive: true });
    writeFileSync(join(tree, "contrib/netctl/netmaster"), "a shell completion");
    const target = join(folder, "target");
    mkdirSync(target);
    const packed = await pack("release.tar.bz2", [join(tree, "contrib"), "x/contrib"], [tree, "x"]);
    const program = join(folder, "unpack.py");
    writeFileSync(program, programFile(["unpack"]));
    await local.run(["python3", program, packed, target, ...programs]);
    for (const name of programs) expect(readFileSync(join(target, name), "utf8")).toBe(`\x7fELF ${name}`);
    expect(existsSync(join(target, "contrib"))).toBe(false);
  });
});

describe("the driver", () => {
  it.each(["26.1", "28.5"])(
    "is blocked on Docker %s in one line that names the version without a cluster store",
    async (engine) => {
      const contiv = await loadDriver("contiv", readSettings({}));
      const refused = (await contiv.prepare?.(engine).catch((error: Error) => error)) as Error;
      expect(refused).toBeInstanceOf(Blocked);
      expect(refused.message).toMatch(new RegExp(`^Docker ${engine} has no cluster store.*23\\.0.*$`));
    },
  );
});
