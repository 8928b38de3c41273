import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConfigurationError, cleanupOf, PluginFailure } from "#harness/cni/protocol/errors.ts";
import { outputLimit } from "#harness/cni/protocol/invocation.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { RpcError } from "#harness/core/rpc/messages.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { type NetworkConfig, networkConfigOf } from "./config.ts";
import { CniRuntime, type RuntimeOptions } from "./runtime.ts";

/**
 * Writes down each call, answers ADD with an interface of its own name after those in prevResult. Told to starve, it ends as what runs it
 * does where the host has no process for it.
 */
const recorder = `#!/bin/sh
home=\${0%/*}/..; name=\${0##*/}; stdin=$(cat)
printf '%s %s %s\\n' "$CNI_COMMAND" "$name" "$stdin" >>"$home/calls"
[ ! -e "$home/refuse-$CNI_COMMAND-$name" ] || { echo '{"code":111,"msg":"told to refuse"}'; exit 1; }
[ ! -e "$home/starve-$CNI_COMMAND-$name" ] || { echo 'timeout: fork system call failed' >&2; exit 125; }
[ "$CNI_COMMAND" != ADD ] || printf '{"cniVersion":"%s","interfaces":[{"name":"%s"}]}' "\${VERSION-1.1.0}" "$name"
`;
const attachment = { containerId: "c1", netns: "/run/netns/none", ifName: "eth0" };

let home: string;
let bin: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "netconform-cni-"));
  bin = join(home, "bin");
  await mkdir(bin);
  await writeFile(join(home, "calls"), "");
  for (const name of ["one", "two", "three"]) await install(name, recorder);
});
afterEach(() => rm(home, { recursive: true, force: true }));

const install = (name: string, script: string) => writeFile(join(bin, name), script, { mode: 0o755 });
const refuse = (command: string, name: string) => writeFile(join(home, `refuse-${command}-${name}`), "");
const starve = (command: string, name: string) => writeFile(join(home, `starve-${command}-${name}`), "");
const runtime = (options: Partial<RuntimeOptions> = {}) =>
  new CniRuntime({ host: new LocalHost(), path: [bin], cacheFolder: join(home, "cache"), ...options });
const network = (changes: Record<string, unknown> = {}): NetworkConfig =>
  networkConfigOf({
    cniVersion: "1.1.0",
    name: "net",
    plugins: [{ type: "one" }, { type: "two" }, { type: "three" }],
    ...changes,
  });
const single = (type: string) => network({ plugins: [{ type }] });

async function calls(): Promise<{ command: string; plugin: string; config: Record<string, unknown> }[]> {
  const text = await readFile(join(home, "calls"), "utf8");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [command = "", plugin = "", ...json] = line.split(" ");
      return { command, plugin, config: JSON.parse(json.join(" ")) as Record<string, unknown> };
    });
}
const order = async () => (await calls()).map(({ command, plugin }) => `${command} ${plugin}`);
const failureOf = async (work: Promise<unknown>): Promise<PluginFailure> => {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof PluginFailure) return failure;
  throw new Error(`expected a PluginFailure, got ${failure}`);
};

describe("identifiers (line 20)", () => {
  test.each(["", "-a", "a/b", "a b", "a;b"])(
    "the container id %j is refused before any plugin runs",
    async (id) => {
      await expect(runtime().add(network(), { ...attachment, containerId: id })).rejects.toThrow(
        ConfigurationError,
      );
      expect(await calls()).toEqual([]);
    },
  );

  test.each(["", ".", "..", "a/b", "a:b", "a b", "sixteen-letters-"])(
    "the interface name %j is refused",
    async (ifName) => {
      await expect(runtime().add(network(), { ...attachment, ifName })).rejects.toThrow(/interface name/);
    },
  );
});

describe("order (line 21)", () => {
  test("ADD runs in order, each plugin with the result of the one before, the first with none (line 22)", async () => {
    const result = await runtime().add(network(), attachment);
    expect(result.interfaces).toEqual([{ name: "three" }]);
    const previous = (await calls()).map(({ plugin, config }) => [plugin, config.prevResult]);
    expect(previous).toMatchObject([
      ["one", undefined],
      ["two", { interfaces: [{ name: "one" }] }],
      ["three", { interfaces: [{ name: "two" }] }],
    ]);
  });

  test("ADD halts at the first error, and DEL of the whole list follows (line 23)", async () => {
    await refuse("ADD", "two");
    const failure = await failureOf(runtime().add(network(), attachment));
    expect(PluginFailure.detailsOf(failure).error).toMatchObject({ code: 111 });
    expect(await order()).toEqual(["ADD one", "ADD two", "DEL three", "DEL two", "DEL one"]);
  });

  test("DEL of the whole list follows where the host cannot keep the result", async () => {
    await writeFile(join(home, "cache"), "");
    await expect(runtime().add(network(), attachment)).rejects.toThrow("FileExistsError");
    expect(await order()).toEqual(["ADD one", "ADD two", "ADD three", "DEL three", "DEL two", "DEL one"]);
  });

  test("what fails in the DEL after a failed ADD is told, and the others are still deleted", async () => {
    await refuse("ADD", "two");
    await refuse("DEL", "two");
    const failure = await failureOf(runtime().add(network(), attachment));
    expect(PluginFailure.detailsOf(failure).cleanup).toHaveLength(1);
    expect(await order()).toContain("DEL one");
  });

  test("DEL runs in reverse with ADD's final result, also in another process (line 23)", async () => {
    await runtime().add(network(), attachment);
    await runtime().del(network(), attachment);
    const deletions = (await calls()).filter(({ command }) => command === "DEL");
    expect(deletions.map(({ plugin }) => plugin)).toEqual(["three", "two", "one"]);
    for (const { config } of deletions)
      expect(config.prevResult).toMatchObject({ interfaces: [{ name: "three" }] });
  });

  test("a repeated DEL has no prevResult any more and succeeds", async () => {
    await runtime().add(network(), attachment);
    await runtime().del(network(), attachment);
    await runtime().del(network(), attachment);
    expect((await calls()).at(-1)?.config).not.toHaveProperty("prevResult");
  });

  test("GC goes on past errors and reports them all", async () => {
    await refuse("GC", "one");
    await refuse("GC", "three");
    await expect(runtime().gc(network(), [])).rejects.toThrow(AggregateError);
    expect(await order()).toEqual(["GC one", "GC two", "GC three"]);
  });
});

describe("taking an ADD back", () => {
  const told = async (work: Promise<unknown>): Promise<Error> => {
    const error = await work.catch((thrown: unknown) => thrown);
    if (error instanceof Error) return error;
    throw new Error(`expected an error, got ${error}`);
  };
  const kept = () => runtime().attachments(network());

  test("where the host cannot keep the result, a plugin's failed DEL is told after that", async () => {
    await writeFile(join(home, "cache"), "");
    await refuse("DEL", "two");
    const error = await told(runtime().add(network(), attachment));
    expect(error).toBeInstanceOf(HarnessError);
    expect(error.message).toMatch(/^put: FileExistsError.*DEL of two: expected success, got error 111/s);
    expect(error.cause).toBeInstanceOf(RpcError);
    expect(cleanupOf(error)).toEqual([expect.any(PluginFailure)]);
    expect(await order()).toContain("DEL one");
  });

  test.each(["three", "two"])("a DEL of %s that the host fails in does not keep the others", async (name) => {
    await starve("ADD", "two");
    await starve("DEL", name);
    await refuse("DEL", "one");
    const error = await told(runtime().add(network(), attachment));
    expect(await order()).toEqual(["ADD one", "ADD two", "DEL three", "DEL two", "DEL one"]);
    expect(cleanupOf(error).map(({ message }) => message)).toEqual([
      expect.stringMatching(new RegExp(`^DEL of ${name}: timeout: fork system call failed`)),
      expect.stringMatching(/^DEL of one: expected success/),
    ]);
  });

  test("what the host fails in there does not replace the plugin's own failure of ADD", async () => {
    await install("two", recorder.replace("printf '{", "printf 'garbage{"));
    await starve("DEL", "two");
    const failure = await failureOf(runtime().add(network(), attachment));
    expect(failure.message).toMatch(
      /^ADD of two: expected a result in JSON on stdout.*DEL of two: timeout: fork system call failed/s,
    );
    expect(PluginFailure.detailsOf(failure).cleanup).toEqual([expect.any(HarnessError)]);
  });

  test("an attachment whose second ADD failed is taken back with the result of its first, and kept no more", async () => {
    await runtime().add(network(), attachment);
    const one = runtime();
    await one.check(network(), attachment);
    await refuse("ADD", "two");
    await failureOf(one.add(network(), attachment));
    const deletions = (await calls()).filter(({ command }) => command === "DEL");
    expect(deletions).toHaveLength(3);
    for (const { config } of deletions) {
      expect(config.prevResult).toMatchObject({ interfaces: [{ name: "three" }] });
    }
    expect(await kept()).toEqual([]);
    await expect(one.check(network(), attachment)).rejects.toThrow(/not attached/);
  });

  test("a result that the host has kept, though it said otherwise, is kept no more", async () => {
    // With so long a name the file can be removed, and its first form has no room for a longer one.
    const long = { ...attachment, containerId: "c".repeat(236) };
    const entry = { network: "net", ...long, result: { cniVersion: "1.1.0" } };
    await mkdir(join(home, "cache"));
    await writeFile(join(home, "cache", `net@${long.containerId}@eth0.json`), JSON.stringify(entry));
    expect(await kept()).toMatchObject([long]);
    await expect(runtime().add(network(), long)).rejects.toThrow("File name too long");
    expect(await kept()).toEqual([]);
  });

  test.each([
    ["a plugin refuses", refuse, "refuse"],
    ["the host has no process for", starve, "starve"],
  ])("an attachment with a DEL that %s stays kept", async (_what, fail, mark) => {
    await runtime().add(network(), attachment);
    await refuse("ADD", "two");
    await fail("DEL", "two");
    await failureOf(runtime().add(network(), attachment));
    expect(await kept()).toMatchObject([attachment]);
    await rm(join(home, `${mark}-DEL-two`));
    await runtime().gc(network(), []);
    expect((await order()).filter((call) => call === "DEL two")).toHaveLength(2);
    expect(await kept()).toEqual([]);
  });

  test("a kept result that the host cannot read is told, and is kept", async () => {
    await mkdir(join(home, "cache", "net@c1@eth0.json"), { recursive: true });
    const error = await told(runtime().add(network(), attachment));
    expect(error.message).toMatch(/^put: IsADirectoryError.*reading the kept result: .*Is a directory/s);
  });
});

describe("GC (line 24)", () => {
  test("deletes what was added and is no longer listed, and keeps the rest", async () => {
    const other = { ...attachment, containerId: "c2" };
    await runtime().add(single("one"), attachment);
    await runtime().add(single("one"), other);
    await runtime().gc(single("one"), [attachment]);
    expect(await order()).toEqual(["ADD one", "ADD one", "DEL one", "GC one"]);
    await runtime().check(single("one"), attachment);
    await expect(runtime().check(single("one"), other)).rejects.toThrow(/not attached/);
  });
});

describe("switches (line 25)", () => {
  test("disableCheck and disableGC: no plugin is called", async () => {
    const off = network({ disableCheck: true, disableGC: true });
    await runtime().add(off, attachment);
    await runtime().check(off, attachment);
    await runtime().gc(off, []);
    expect(await order()).toEqual(["ADD one", "ADD two", "ADD three"]);
  });

  test("CHECK needs 0.4.0; GC and STATUS call nothing below 1.1.0", async () => {
    const old = network({ cniVersion: "0.3.1" });
    await expect(runtime().check(old, attachment)).rejects.toThrow(/CHECK needs CNI 0\.4\.0/);
    await runtime().gc(old, []);
    await runtime().status(old);
    expect(await calls()).toEqual([]);
  });

  test("the highest common version is what the plugins get (line 26)", async () => {
    await install("one", recorder.replace("1.1.0", "1.0.0"));
    const both = network({
      cniVersion: "0.4.0",
      cniVersions: ["1.0.0", "1.1.0"],
      plugins: [{ type: "one" }],
    });
    await runtime({ versions: ["0.4.0", "1.0.0"] }).add(both, attachment);
    expect((await calls())[0]?.config.cniVersion).toBe("1.0.0");
  });
});

describe("a plugin that misbehaves is the plugin's failure", () => {
  test("a hang: killed with its children when the deadline passes, and said so", async () => {
    await install("one", "#!/bin/sh\nsleep 600 & sleep 600\n");
    const failure = await failureOf(runtime({ deadlineMs: 300 }).status(single("one")));
    expect(failure.message).toMatch(/none within \d+ ms; the plugin was killed/);
    expect(PluginFailure.detailsOf(failure).invocation.timedOut).toBe(true);
  });

  test("megabytes of output: cut, and said so", async () => {
    await install("one", "#!/bin/sh\nhead -c 5000000 /dev/zero | tr '\\0' x\n");
    const failure = await failureOf(runtime().add(single("one"), attachment));
    expect(PluginFailure.detailsOf(failure).invocation.stdout).toHaveLength(outputLimit);
    expect(failure.message).toMatch(/3951424 more bytes of output were dropped/);
  });

  test.each([
    ["garbage", "echo this is no JSON", /a result in JSON on stdout/],
    ["nothing", "true", /got nothing/],
    [
      "a result of another version",
      `echo '{"cniVersion":"0.2.0"}'`,
      /a result of CNI 1\.1\.0, got one of CNI 0\.2\.0/,
    ],
    ["an error without JSON", "echo broken >&2; exit 3", /exit 3 and no JSON on stdout/],
    ["an error object on stderr", `echo '{"code":7,"msg":"no"}' >&2; exit 1`, /the error object on stderr/],
    ["a signal", "kill -SEGV $$", /signal SEGV/],
  ])("%s: expected and got are named, with a line to repeat it", async (_what, script, message) => {
    await install("one", `#!/bin/sh\n${script}\n`);
    const failure = await failureOf(runtime().add(single("one"), attachment));
    expect(failure.message).toMatch(message);
    expect(failure.message).toContain("CNI_COMMAND=ADD");
  });

  test("a plugin that does not read its configuration is no trouble", async () => {
    await install("one", `#!/bin/sh\nexec 0<&-\necho '{"cniVersion":"1.1.0"}'\n`);
    const large = network({ plugins: [{ type: "one", ballast: "x".repeat(1_000_000) }] });
    await expect(runtime().add(large, attachment)).resolves.toEqual({ cniVersion: "1.1.0" });
  });

  test("every call is observed exactly as it was made", async () => {
    const seen: string[] = [];
    const observe: RuntimeOptions["observe"] = ({ env, stdin, code }) => {
      seen.push(`${env.CNI_COMMAND} ${env.CNI_ARGS} ${stdin} ${code}`);
    };
    await runtime({ observe }).add(single("one"), { ...attachment, args: { K: "v" } });
    expect(seen).toEqual(['ADD K=v {"type":"one","cniVersion":"1.1.0","name":"net"} 0']);
  });
});

describe("a plugin folder that cannot work is the user's configuration error", () => {
  test.each([
    ["missing", "absent", /not found in .*next: install it there/s],
    ["not executable", "plain", /is not executable\s+next: chmod \+x/],
    ["no program", "text", /neither an ELF executable nor a script/],
    ["for another machine", "foreign", /built for s390x, this host is /],
    ["a folder", "folder", /is no regular file/],
  ])("%s", async (_what, type, message) => {
    await writeFile(join(bin, "plain"), recorder, { mode: 0o644 });
    await writeFile(join(bin, "text"), "hello", { mode: 0o755 });
    const foreign = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 22]);
    await writeFile(join(bin, "foreign"), foreign, { mode: 0o755 });
    await mkdir(join(bin, "folder"));
    const adding = runtime().add(single(type), attachment);
    await expect(adding).rejects.toThrow(ConfigurationError);
    await expect(adding).rejects.toThrow(message);
  });

  test("a delegate that is not there is found before anything is run", async () => {
    const config = network({ plugins: [{ type: "one", ipam: { type: "absent" } }] });
    await expect(runtime().add(config, attachment)).rejects.toThrow(/plugin absent: not found/);
    expect(await calls()).toEqual([]);
  });
});

test.each(["{}", "[]", "null", "", "{"])("an answer that is no result is not kept: %s", async (answer) => {
  await install("odd", `#!/bin/sh\n[ $CNI_COMMAND != ADD ] || echo '${answer}'`);
  await failureOf(runtime().add(single("odd"), attachment));
  expect(existsSync(join(home, "cache"))).toBe(false);
});
