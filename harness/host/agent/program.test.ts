import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { until } from "#harness/core/async/poll.ts";
import { ProbeFailed } from "#harness/core/errors.ts";
import { serveSocket } from "#harness/core/rpc/socket.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { $ } from "#harness/host/local/zx.ts";
import { programCall, programFile, pythonFolder, type RunningProgram, startProgram } from "./program.ts";

const local = new LocalHost();

interface Methods {
  ready(given: object): unknown;
  listen(given: { path: string; to: string; owner: number | null }): null;
  close(given: { path: string }): null;
}

/** A folder that goes with the test. */
function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "netconform-program-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function startRelay(): Promise<RunningProgram<Methods>> {
  const lost = (message: string) => new ProbeFailed(message);
  const program = await startProgram<Methods>(local, "relay", { peer: "the program", lost });
  onTestFinished(() => program.close(5_000));
  await program.rpc.call("ready", {});
  return program;
}

/** What a file of the program prints and ends with. */
async function run(given: readonly string[], args: readonly string[], input = "") {
  const path = join(scratch(), "program");
  writeFileSync(path, programFile(given), { mode: 0o755 });
  return local.exec(["env", "--ignore-environment", "CNI_COMMAND=ADD", path, ...args], { input });
}

it("passes its own tests in Python", async () => {
  const tests = [
    "python3",
    "-B",
    "-m",
    "unittest",
    "discover",
    "--top-level-directory",
    ".",
    "--start-directory",
    "tests",
  ];
  const { exitCode, stderr } = await $({ cwd: pythonFolder })`${tests}`;
  expect(exitCode, stderr).toBe(0);
  expect(Number(/^Ran (\d+) tests/m.exec(stderr)?.[1])).toBeGreaterThan(30);
});

it("tells a command line that is wrong how it should be", async () => {
  const { code, stderr } = await run([], ["unpack"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^usage: fork-server \| relay \| /);
});

it("ends when it is spoken to in anything but JSON-RPC, and says why", async () => {
  const program = await startRelay();
  const pending = program.rpc.call("listen", {} as never);
  await expect(pending).rejects.toThrow(/^listen: path: expected a text, got None$/);
  program.command.stdin.write("garbage\n");
  expect(await program.command.exit).toEqual({ code: 0, signal: null });
  await expect(program.rpc.call("ready", {})).rejects.toThrow(
    new ProbeFailed('the program: expected a request of JSON-RPC in one line, got "garbage"'),
  );
});

it("says with what it ended when it is killed", async () => {
  const program = await startRelay();
  program.command.kill("KILL");
  await program.command.exit;
  await expect(program.rpc.call("ready", {})).rejects.toThrow(
    /^the program ended with KILL\n {2}python3 -I -S -u … relay\n {2}\(no output\)$/,
  );
});

it("relays between sockets until it ends, and takes its sockets along", async () => {
  const folder = scratch();
  const [from, to] = [join(folder, "inner/from"), join(folder, "to")];
  const server = createServer((socket) => socket.pipe(socket)).listen(to);
  onTestFinished(() => void server.close());
  const program = await startRelay();
  await program.rpc.call("listen", { path: from, to, owner: null });
  const socket = connect(from);
  socket.end("hello");
  expect(await text(socket)).toBe("hello");
  await expect(program.rpc.call("listen", { path: "/proc/none/from", to, owner: null })).rejects.toThrow(
    /^\[Errno 2\] No such file or directory/,
  );
  await program.close(5_000);
  expect(existsSync(from)).toBe(false);
});

it("passes a CNI call on, with its variables and its process", async () => {
  const path = join(scratch(), "socket");
  const served = await serveSocket<{ call(given: object): { code: number; stdout: string } }>(path, {
    call: (given) => ({ code: 7, stdout: JSON.stringify(given) }),
  });
  onTestFinished(() => served.close());
  const { code, stdout } = await run(["cni", path, "the plugin"], [], "{}");
  expect(code).toBe(7);
  const pid = expect.any(Number);
  expect(JSON.parse(stdout)).toEqual({ env: { CNI_COMMAND: "ADD" }, stdin: "{}", pid });
});

it("answers a CNI call itself where nobody else does", async () => {
  const { code, stdout } = await run(["cni", "/nowhere.sock", "the plugin"], [], '{"cniVersion":"0.4.0"}');
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual({
    cniVersion: "0.4.0",
    code: 11,
    msg: "the plugin does not answer at /nowhere.sock: [Errno 2] No such file or directory",
  });
});

it("has a command carried out elsewhere", async () => {
  const path = join(scratch(), "socket");
  const served = await serveSocket<{ run(given: { arguments: string[] }): { code: number; output: string } }>(
    path,
    { run: (given) => ({ code: 3, output: `${given.arguments.join("|")}\n` }) },
  );
  const { code, stdout } = await run(["command", path], ["net", "ls", "-t", "a b"]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: "net|ls|-t|a b\n" });
  served.close();
  const nobody = await run(["command", path], []);
  expect(nobody).toMatchObject({ code: 1, stderr: expect.stringMatching(/^no answer at .*socket: /) });
});

it("runs a command on a terminal, which gets all that follows the program on stdin", async () => {
  const script =
    'test -t 0 && test -t 1 && stty -echo && echo ready && read -r line && echo "got $line"; exit 5';
  const { argv, input } = programCall(["terminal", "sh", "-c", script]);
  const { stdin, stdout, exit } = await local.spawn(argv);
  // In one piece: the program must not read on into what is typed.
  stdin.write(Buffer.concat([input, Buffer.from("typed early\n")]));
  expect(await text(stdout)).toMatch(/got typed early\r\n$/);
  expect(await exit).toEqual({ code: 5, signal: null });
});

it("measures a transfer from one process to another", async () => {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const call = (...given: string[]) => {
    const { argv, input } = programCall(given);
    return local.exec(argv, { input });
  };
  const receiving = call("receive", `${port}`);
  const sent = await until({ what: "the receiver to listen", deadlineMs: 10_000 }, async () => {
    const { code } = await call("send", "127.0.0.1", `${port}`, "3000000");
    return code === 0;
  });
  expect(sent).toBe(true);
  const { code, stdout } = await receiving;
  expect(code).toBe(0);
  expect(stdout).toMatch(/^3000000 \d+(\.\d+)?(e-\d+)?\n$/);
});

it("holds a connection on which lines come back, and says when it has ended", async () => {
  const start = async (...given: string[]) => {
    const { argv, input } = programCall(given);
    const command = await local.spawn(argv);
    command.stdin.write(input);
    return command;
  };
  const server = await start("answer-lines", "0");
  const [said] = (await once(server.stdout, "data")) as [Buffer];
  const [, port = ""] = /^listening on (\d+)\n$/.exec(said.toString()) ?? [];
  const client = await start("exchange-lines", "127.0.0.1", port);
  for (const line of ["one\n", "another one\n"]) {
    const answer = once(client.stdout, "data");
    client.stdin.write(line);
    expect(String((await answer)[0])).toBe(line);
  }
  const stderr = text(client.stderr);
  server.kill("KILL");
  await server.exit;
  client.stdin.end("lost\n");
  expect(await client.exit).toMatchObject({ code: 1 });
  expect(await stderr).toMatch(/^the connection (was closed|ended: )/);
});

it("says how often a number is in a program, of which it needs one place", async () => {
  const { argv, input } = programCall(["rewrite", "/bin/true", "/dev/null", "43200000000000", "1"]);
  expect(await local.exec(argv, { input })).toMatchObject({
    code: 1,
    stderr: "/bin/true: expected the number 43200000000000 in one place, got 0\n",
  });
});
