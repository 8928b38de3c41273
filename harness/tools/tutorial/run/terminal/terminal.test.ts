import { expect, onTestFinished, test } from "vitest";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { Terminal } from "./terminal.ts";

async function open(): Promise<Terminal> {
  const terminal = await Terminal.open(new LocalHost());
  onTestFinished(() => terminal.close());
  return terminal;
}

async function type(terminal: Terminal, text: string) {
  terminal.type(text);
  expect(await terminal.wait((prompt) => prompt !== undefined, 20_000)).toBe(true);
  return { output: terminal.output, ...terminal.prompt };
}

test("every command has its own output and status, and variables stay", async () => {
  const terminal = await open();
  expect(await type(terminal, "echo out; echo err >&2; false")).toEqual({
    output: "out\nerr\n",
    shell: "host",
    code: 1,
  });
  expect(await type(terminal, "export A='b  c'")).toEqual({ output: "", shell: "host", code: 0 });
  expect(await type(terminal, "cat <<END\n$A\nEND")).toMatchObject({ output: "b  c\n", code: 0 });
  expect(await type(terminal, "printf unended")).toMatchObject({ output: "unended", code: 0 });
});

test("^C ends what runs, and the shell goes on", async () => {
  const terminal = await open();
  // Said by what runs, so that it has the terminal: a ^C while bash starts a program may end bash itself.
  terminal.type("sh -c 'echo begun; exec sleep 100'");
  expect(await terminal.wait(() => terminal.output.includes("begun"), 20_000)).toBe(true);
  expect(terminal.prompt).toBeUndefined();
  expect(await terminal.interrupt(20_000)).toBe(true);
  expect(terminal.prompt).toEqual({ shell: "host", code: 130 });
  expect(await type(terminal, "echo on")).toMatchObject({ output: "on\n" });
});

test("a shell inside of the shell is told from it", async () => {
  const terminal = await open();
  const inner = `PS1='${terminal.promptOf("inside")}' bash --norc --noprofile --noediting`;
  expect(await type(terminal, inner)).toMatchObject({ shell: "inside" });
  expect(await type(terminal, "exit 3")).toMatchObject({ shell: "host", code: 3 });
});

test("a shell that ends is told, also while what it left behind has the terminal open", async () => {
  const terminal = await open();
  terminal.type("sleep 60 & echo $!; disown; exit 4");
  expect(await terminal.wait(() => terminal.ended !== undefined, 20_000)).toBe(true);
  expect(terminal.ended).toBe("ended with 4");
  const left = Number(/^\d+$/m.exec(terminal.output)?.[0]);
  expect(left).toBeGreaterThan(1);
  process.kill(left);
});
