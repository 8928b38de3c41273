import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
    const look = "ulimit -n; ulimit -c; umask; pwd; trap; grep -E '^(Sig|Cap)' /proc/self/status";
    const { stdout } = await host.exec(["sh", "-c", look]);
    expect((await script(look)).stdout).toBe(stdout);
    // The last one is that of `ls` for the folder.
    expect((await script("ls /proc/self/fd")).stdout).toBe("0\n1\n2\n3\n");
  });

  it("that does not exist or is none ends as in a shell", async () => {
    const file = join(folder, "no-program");
    writeFileSync(file, "nothing");
    expect(await run([join(folder, "gone")])).toMatchObject({
      code: 127,
      stderr: `${join(folder, "gone")}: No such file or directory\n`,
    });
    expect(await run([file])).toMatchObject({ code: 126, stderr: `${file}: Permission denied\n` });
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

  it("is killed with its children at the deadline", async () => {
    const made = await script(`sleep 600 & echo $!; wait`, { deadlineMs: 300 });
    expect(made).toMatchObject({ code: null, signal: "KILL", late: true });
    await gone(made.stdout.trim());
  });

  it("whose child has left its group and holds its output is given up", { timeout: 30_000 }, async () => {
    const made = await script("setsid sleep 600 & echo $!", { deadlineMs: 300 });
    expect(made).toMatchObject({ code: null, signal: "KILL", late: true });
    process.kill(Number(made.stdout), "SIGKILL");
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

  it("that cannot be written are told", async () => {
    writeFileSync(join(folder, "plain"), "");
    await expect(putFile(host, join(folder, "plain/file"), "", 0o600)).rejects.toThrow(
      "put: FileExistsError",
    );
  });
});

describe("a process that runs programs", () => {
  /** Starts one that runs this line. */
  const start = (line: string) =>
    host.spawn(
      [
        process.execPath,
        "--input-type=module-typescript",
        "--eval",
        `import { LocalHost } from "#harness/host/local/local-host.ts";
         import { runProgram } from "#harness/host/runner/runner.ts";
         const usual = ${JSON.stringify({ ...usual, deadlineMs: 600_000 })};
         await runProgram(new LocalHost(), { ...usual, argv: ["sh", "-c", ${JSON.stringify(line)}] });`,
      ],
      { cwd: projectRoot },
    );

  it("ends by itself", async () => {
    const { exit } = await start("true");
    expect(await exit).toEqual({ code: 0, signal: null });
  });

  it("takes them along when it is killed", async () => {
    const file = join(folder, "pids");
    const running = await start(`sleep 600 & echo $$ $! >${file}.part; mv ${file}.part ${file}; wait`);
    await until({ what: "the program to run", deadlineMs: 20_000 }, async () => existsSync(file));
    running.kill("KILL");
    for (const pid of readFileSync(file, "utf8").trim().split(" ")) await gone(pid);
  });
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
    await expect(script(look, { namespaces: { netns: `${ns}/net` } })).rejects.toThrow(
      "run: FileNotFoundError",
    );
  });
}

/** Waits until there is no such process, or only what nobody has asked for the end of yet. */
async function gone(pid: string): Promise<void> {
  await until({ what: `process ${pid} to be gone`, deadlineMs: 10_000 }, async () => {
    const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, "utf8") : "";
    return !/^State:\s+[^ZX]/m.test(status);
  });
}
