import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { disposableFolder } from "#harness/core/process/scratch.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { fromFolder } from "./folder.ts";
import { hashFiles } from "./programs.ts";
import { fromTarball } from "./tarball.ts";

const local = new LocalHost();
const scratch = disposableFolder();
afterAll(() => scratch[Symbol.dispose]());
const at = (name: string) => join(scratch.path, name);

/** A folder with programs of this machine by the names of an engine's. */
function makePrograms(name: string, programs: readonly string[] = ["dockerd", "docker-proxy"]): string {
  mkdirSync(at(name), { recursive: true });
  for (const program of programs) {
    copyFileSync("/bin/true", at(`${name}/${program}`));
    chmodSync(at(`${name}/${program}`), 0o755);
  }
  writeFileSync(at(`${name}/README`), "not a program");
  return at(name);
}

async function packAs(archive: string, folder: string): Promise<string> {
  await local.run(["tar", "-C", scratch.path, "-czf", at(archive), folder]);
  return at(archive);
}

/** A program of another machine: ELF's number of it is at byte 18. */
function turnForeign(path: string): void {
  const bytes = readFileSync(path);
  bytes.writeUInt16LE(0xf3, 18);
  writeFileSync(path, bytes);
}

function intoNew(name: string): string {
  mkdirSync(at(name));
  return at(name);
}

describe("a folder", () => {
  test("is its programs: a file beside them changes nothing, another program does", async () => {
    const folder = makePrograms("own");
    const { content, pack } = await fromFolder({ path: folder });
    const archive = (await pack?.(intoNew("packed-folder"))) ?? "";
    const listed = await local.run(["tar", "-tvf", archive]);
    expect(listed.trim().split("\n")).toHaveLength(2);
    expect(listed).toMatch(/^-rwxr-xr-x \S+\/\S+ .* docker-proxy$/m);
    expect(listed).toMatch(/^-rwxr-xr-x \S+\/\S+ .* dockerd$/m);
    writeFileSync(join(folder, "README"), "changed");
    expect((await fromFolder({ path: folder })).content).toBe(content);
    makePrograms("own", ["docker-init"]);
    expect((await fromFolder({ path: folder })).content).not.toBe(content);
  });

  test.each([
    [
      "that is not there",
      () => at("nowhere"),
      /nowhere: expected a folder with dockerd .*, got nothing there/,
    ],
    ["that is a file", () => join(makePrograms("file"), "README"), /got a file/],
    [
      "without dockerd",
      () => makePrograms("without", ["docker"]),
      /expected dockerd and its helpers, got docker$/m,
    ],
  ])("%s is refused", async (_, path, message) => {
    await expect(fromFolder({ path: path() })).rejects.toThrow(message);
  });

  test("with programs of another machine, or a script, is refused", async () => {
    const foreign = makePrograms("foreign");
    turnForeign(join(foreign, "dockerd"));
    await expect(fromFolder({ path: foreign })).rejects.toThrow(
      /for this machine \(\w+\), got ones for machine 243/,
    );
    const script = makePrograms("script");
    writeFileSync(join(script, "dockerd"), "#!/bin/sh\n");
    await expect(fromFolder({ path: script })).rejects.toThrow(/expected dockerd to be a program \(ELF\)/);
  });
});

describe("a static release", () => {
  test("is its content, whatever its name, and gives its programs", async () => {
    makePrograms("docker");
    const path = await packAs("docker-1.tgz", "docker");
    copyFileSync(path, at("other.tgz"));
    const { content, pack } = await fromTarball({ path });
    expect((await fromTarball({ path: at("other.tgz") })).content).toBe(content);
    const listed = await local.run(["tar", "-tf", (await pack?.(intoNew("packed-tarball"))) ?? ""]);
    expect(listed).toBe("docker-proxy\ndockerd\n");
  });

  test("must have the checksum that lies beside it", async () => {
    makePrograms("docker");
    const path = await packAs("summed.tgz", "docker");
    writeFileSync(`${path}.sha256`, `${(await hashFiles([path])).toUpperCase()}  summed.tgz\n`);
    await expect(fromTarball({ path })).resolves.toBeDefined();
    writeFileSync(`${path}.sha256`, `${"0".repeat(64)}  summed.tgz\n`);
    await expect(fromTarball({ path })).rejects.toThrow(
      /expected the checksum of summed\.tgz\.sha256, SHA-256 0{64}/,
    );
  });

  const cut = async () => {
    makePrograms("docker");
    const path = await packAs("cut.tgz", "docker");
    writeFileSync(path, readFileSync(path).subarray(0, 8_000));
    return path;
  };
  const other = async () => {
    writeFileSync(at("text.tgz"), "no archive");
    return at("text.tgz");
  };
  const empty = async () => {
    makePrograms("tools", ["docker"]);
    return packAs("tools.tgz", "tools");
  };
  const foreign = async () => {
    turnForeign(join(makePrograms("docker"), "dockerd"));
    return packAs("foreign.tgz", "docker");
  };
  test.each([
    ["that is cut off", cut, /cut\.tgz: expected a static release .* got\n.*[Uu]nexpected/s],
    ["that is another file", other, /text\.tgz: expected a static release .*not in gzip format/s],
    ["without dockerd", empty, /tools\.tgz: expected a static release .* got an archive of tools\//],
    ["for another machine", foreign, /foreign\.tgz: expected programs for this machine/],
  ])("%s is refused before anything is built", async (name, make, message) => {
    const { pack } = await fromTarball({ path: await make() });
    await expect(pack?.(intoNew(name))).rejects.toThrow(message);
  });

  test("that is not there is refused", async () => {
    await expect(fromTarball({ path: at("nosuch.tgz") })).rejects.toThrow(
      /nosuch\.tgz: expected .* got no such file/,
    );
  });
});
