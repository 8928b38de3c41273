import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, describe, expect, it } from "vitest";
import { until } from "#harness/core/async/poll.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { dropFile, type ProgramOrder, putFile, runProgram } from "./runner.ts";

const host = new LocalHost();
const folder = mkdtempSync(join(tmpdir(), "netconform-runner-"));
afterAll(() => rmSync(folder, { recursive: true }));

const usual = { environment: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin" }, input: "", outputLimit: 1_000_000 };

function run(argv: readonly string[], more: Partial<ProgramOrder> = {}) {
  return runProgram(host, { ...usual, argv, deadlineMs: 30_000, ...more });
}

const script = (text: string, more?: Partial<ProgramOrder>) => run(["sh", "-c", text], more);

describe("a program", () => {
  it("gets its arguments, its environment and its input as they are", async () => {
    const environment = { ...usual.environment, ODD: "a=b 'c'\nd" };
    const made = await run(["sh", "-c", 'printf "%s|" "$0" "$ODD"; cat; env >&2; exit 7', "it's $x"], {
      environment,
      input: "é\n",
    });
    expect(made).toMatchObject({ code: 7, signal: null, stdout: "it's $x|a=b 'c'\nd|é\n", late: false });
    expect(made.stderr.match(/^\w+(?==)/gm)?.toSorted()).toEqual(["ODD", "PATH", "PWD"]);
  });

  it("inherits what a command does, and no open file", async () => {
    const look = "ulimit -n; ulimit -c; umask; pwd; trap; grep -E '^(Sig[PBIC]|Cap)' /proc/self/status";
    const { stdout } = await host.exec(["sh", "-c", look]);
    expect((await script(look)).stdout).toBe(stdout);
    // The last one is that of `ls` for the folder.
    expect((await script("ls /proc/self/fd")).stdout).toBe("0\n1\n2\n3\n");
  });

  it("that does not exist or is none ends as in a shell", async () => {
    const file = join(folder, "no-program");
    writeFileSync(file, "nothing");
    const gone = await run([join(folder, "gone")]);
    expect([gone.code, gone.stderr]).toEqual([127, expect.stringContaining("No such file or directory")]);
    const none = await run([file]);
    expect([none.code, none.stderr]).toEqual([126, expect.stringContaining("Permission denied")]);
  });

  it("is no leader of its session, as under a runtime", async () => {
    expect(await run(["python3", "-c", "import os; os.setsid()"])).toMatchObject({ code: 0, stderr: "" });
  });

  it("that ends by a signal says by which", async () => {
    expect(await script("kill -TERM $$")).toMatchObject({ code: null, signal: "TERM", late: false });
    expect(await script("kill -KILL $$")).toMatchObject({ code: null, signal: "KILL", late: false });
  });

  it("may write while it has not read yet, or never read", async () => {
    const input = "0123456789".repeat(50_000);
    const echoed = await script("cat; cat </dev/zero | head -c 300000 >&2", { input });
    expect(echoed.stdout).toBe(input);
    expect([echoed.code, echoed.stderr.length]).toEqual([0, 300_000]);
    expect(await script("exit 3", { input })).toMatchObject({ code: 3 });
  });

  it("that says more than is kept is told by how much", async () => {
    const made = await script("printf 0123456789; printf abc >&2", { outputLimit: 4 });
    expect(made).toMatchObject({ stdout: "0123", stderr: "abc", dropped: { stdout: 6, stderr: 0 } });
  });

  it("is the first of its name in its own PATH, which leads to nothing else", async () => {
    for (const name of ["first", "second"]) {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, "timeout"), "#!/bin/sh\nexit 9", { mode: 0o755 });
      writeFileSync(join(folder, name, "named"), `#!/bin/sh\necho ${name}`, { mode: 0o755 });
    }
    const PATH = ["empty", "second", "first"].map((name) => join(folder, name)).join(":");
    const made = await run(["named"], { environment: { PATH: `${PATH}:${usual.environment.PATH}` } });
    expect(made).toMatchObject({ code: 0, stdout: "second\n" });
  });

  it("gets no half of a character, wherever one is", async () => {
    const made = await run(["sh", "-c", 'printf "%s|%s|" "$0" "$HALF"; cat', "a\ud800"], {
      environment: { ...usual.environment, HALF: "b\udc00" },
      input: "c\ud800",
    });
    expect(made.stdout).toBe("a\ufffd|b\ufffd|c\ufffd");
  });

  it("may exit with what its guard exits with when that fails", async () => {
    expect(await script("exit 125")).toMatchObject({ code: 125, stderr: "" });
  });

  it("runs beside as many others as there are", async () => {
    const meeting = join(folder, "meeting");
    const all = Array.from({ length: 60 }, (_, index) =>
      script(
        `mkdir -p ${meeting}; touch ${meeting}/${index}; until [ "$(ls ${meeting} | wc -l)" -ge 60 ]; do sleep 0.05; done`,
      ),
    );
    expect((await Promise.all(all)).map(({ code }) => code)).toEqual(all.map(() => 0));
  });
});

describe.concurrent("a program that does not come to an end", { timeout: 60_000 }, () => {
  const late = { code: null, signal: "KILL", late: true };

  it("is killed with its children at the deadline", async () => {
    const made = await script("sleep 600 & echo $!; wait", { deadlineMs: 300 });
    expect(made).toMatchObject(late);
    await gone(made.stdout.trim());
  });

  it("has ended in vain while a child holds its output", async () => {
    const made = await script("sleep 600 & echo $!; exit 0", { deadlineMs: 300 });
    expect(made).toMatchObject(late);
    await gone(made.stdout.trim());
  });

  it("is given up where a child that has left its group holds its output", async () => {
    const made = await script("setsid sleep 600 & echo $!", { deadlineMs: 300 });
    expect(made).toMatchObject(late);
    process.kill(Number(made.stdout), "SIGKILL");
  });
});

describe("files", () => {
  it("are written with their folders and mode, replaced, and removed", async () => {
    const file = join(folder, "a/b/file");
    await putFile(host, file, "one", 0o600);
    await putFile(host, file, "zwö", 0o600);
    expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual(["zwö", 0o600]);
    await dropFile(host, file);
    await dropFile(host, file);
    expect(existsSync(file)).toBe(false);
  });

  it("are written whole by many at once", async () => {
    const file = join(folder, "many/file");
    const texts = Array.from({ length: 100 }, (_, index) => String(index).repeat(10_000));
    await Promise.all(texts.map((text) => putFile(host, file, text, 0o644)));
    expect(texts).toContain(readFileSync(file, "utf8"));
    expect(readdirSync(join(folder, "many"))).toEqual(["file"]);
  });

  it("that cannot be written are told", async () => {
    writeFileSync(join(folder, "plain"), "");
    await expect(putFile(host, join(folder, "plain/file"), "", 0o600)).rejects.toThrow(
      "put: FileExistsError",
    );
  });
});

describe.concurrent("a process that runs programs", { timeout: 60_000 }, () => {
  interface Started {
    readonly env?: Record<string, string>;
    /** What it does beside, in TypeScript; `one` runs another line. */
    readonly beside?: string;
    /** argv in front of it. */
    readonly prefix?: readonly string[];
    readonly deadlineMs?: number;
  }
  /** Starts one that runs this line and prints what comes of it. */
  const start = (line: string, { env = {}, beside = "", prefix = [], deadlineMs = 60_000 }: Started = {}) =>
    host.spawn(
      [
        ...[...prefix, process.execPath, "--input-type=module-typescript", "--eval"],
        `import { existsSync } from "node:fs";
         import { LocalHost } from "#harness/host/local/local-host.ts";
         import { runProgram } from "#harness/host/runner/runner.ts";
         const usual = ${JSON.stringify({ ...usual, deadlineMs })};
         const one = (line: string) => runProgram(new LocalHost(), { ...usual, argv: ["sh", "-c", line] });
         const running = one(${JSON.stringify(line)});
         ${beside};
         console.log(await running.then(({ code }) => code, String));`,
      ],
      { cwd: projectRoot, env },
    );
  const pidsIn = async (file: string) => {
    await until({ what: "the program to run", deadlineMs: 20_000 }, async () => existsSync(file));
    return readFileSync(file, "utf8").trim().split(/\s+/);
  };
  const telling = (file: string, what: string) => `echo ${what} >${file}.part; mv ${file}.part ${file}`;

  it("ends by itself", async () => {
    const { stdout, exit } = await start("exit 4");
    expect([await text(stdout), await exit]).toEqual(["4\n", { code: 0, signal: null }]);
  });

  it("takes them along when it is killed", async () => {
    const file = join(folder, "pids");
    const running = await start(`sleep 600 & ${telling(file, "$$ $!")}; wait`);
    const pids = await pidsIn(file);
    running.kill("KILL");
    for (const pid of pids) await gone(pid);
  });

  it("says so where its agent is killed, and the program ends all the same", async () => {
    const file = join(folder, "agent");
    const running = await start(`${telling(file, "$$ $(ps -o ppid= -p $PPID)")}; exec sleep 600`, {
      deadlineMs: 2_000,
    });
    const [program = "", agent] = await pidsIn(file);
    process.kill(Number(agent), "SIGKILL");
    expect(await text(running.stdout)).toContain("what runs programs on local: the connection was closed");
    await gone(program);
  });

  it("takes them along when it ends with answers that it has not read", async () => {
    const file = join(folder, "unread");
    const told = join(folder, "told");
    const ended = join(folder, "ended");
    // Nothing is read from when the loop is blocked, and what many have answered waits when one of them has made the file.
    const beside = `
      const { execFileSync } = await import("node:child_process");
      while (!existsSync(${JSON.stringify(file)})) await one("true");
      for (let index = 0; index < 50; index += 1) void one(${JSON.stringify(`echo >>${ended}`)});
      void one(${JSON.stringify(`until [ $(wc -l <${ended}) -ge 50 ]; do sleep 0.02; done; >${told}`)});
      setImmediate(() => {
        execFileSync("sh", ["-c", ${JSON.stringify(`until [ -e ${told} ]; do sleep 0.02; done`)}]);
        process.exit();
      })`;
    const running = await start(`${telling(file, "$$")}; exec sleep 600`, { beside });
    const [program = ""] = await pidsIn(file);
    await running.exit;
    await gone(program);
  });

  it("runs as many as it has open files for, and the others after them", async () => {
    const beside = "await Promise.all(Array.from({ length: 100 }, () => one('sleep 0.1')))";
    const prefix = ["prlimit", "--nofile=128"];
    const { stdout, exit } = await start("true", { beside, prefix });
    expect([await text(stdout), await exit]).toEqual(["0\n", { code: 0, signal: null }]);
  });

  // Another file in the place of the host's own Python takes root.
  if (process.getuid?.() === 0) {
    /** Starts a program where these are all that is in the `PATH`, and `own` is in the place of the host's own Python. */
    const startWith = (programs: readonly string[], own: string) => {
      const bin = mkdtempSync(join(folder, "bin-"));
      for (const program of ["sh", "mount", "timeout", ...programs]) {
        copyFileSync(`/usr/bin/${program}`, join(bin, program));
      }
      const hide = `mount --bind ${own} /usr/bin/python3 && exec "$@"`;
      const prefix = ["/usr/bin/unshare", "--mount", "sh", "-c", hide, "sh"];
      return start("true", { env: { PATH: bin }, prefix });
    };

    it("says what is missing where there is no Python", async () => {
      const { stdout, exit } = await startWith([], "/dev/null");
      expect(await text(stdout)).toMatch(/^ProbeFailed: .*python3: not found/s);
      expect(await exit).toEqual({ code: 0, signal: null });
    });

    it("takes the Python in the path where the host's own is too old", async () => {
      const old = join(folder, "old");
      writeFileSync(old, "#!/bin/sh\necho 3.6 >&2; exit 1\n", { mode: 0o755 });
      const { stdout, exit } = await startWith(["python3"], old);
      expect([await text(stdout), await exit]).toEqual(["0\n", { code: 0, signal: null }]);
      const none = await startWith([], old);
      expect(await text(none.stdout)).toMatch(/^ProbeFailed: .*python3: not found/s);
    });
  }
});

// Making namespaces takes root.
if (process.getuid?.() === 0) {
  it("a program runs in the namespaces that are named, and the next one does not", async () => {
    const holds = "mount -t tmpfs none /mnt && touch /mnt/ours && echo $$ && exec sleep 600";
    const holder = await host.spawn(["unshare", "--net", "--mount", "sh", "-c", holds]);
    const [said] = await once(holder.stdout, "data");
    const ns = `/proc/${String(said).trim()}/ns`;
    const look = "ls /mnt; ip -o link | wc -l";
    const inside = await script(look, { namespaces: { netns: `${ns}/net`, mountns: `${ns}/mnt` } });
    const outside = await script(look);
    holder.kill("KILL");
    await holder.exit;
    expect(inside).toMatchObject({ code: 0, stdout: "ours\n1\n" });
    expect(outside).toMatchObject(await host.exec(["sh", "-c", look]).then(({ stdout }) => ({ stdout })));
    for (const netns of [`${ns}/net`, "/dev/null"]) {
      await expect(script(look, { namespaces: { netns } })).rejects.toThrow(`entering ${netns}: `);
    }
  });
}

/** Waits until there is no such process, or only what nobody has asked for the end of yet. */
async function gone(pid: string): Promise<void> {
  await until({ what: `process ${pid} to be gone`, deadlineMs: 10_000 }, async () => {
    const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, "utf8") : "";
    return !/^State:\s+[^ZX]/m.test(status);
  });
}
