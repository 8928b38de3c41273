import { randomBytes } from "node:crypto";
import { HarnessError } from "#harness/core/errors.ts";
import { programCall } from "#harness/host/agent/program.ts";
import type { Host, RunningCommand } from "#harness/host/host.ts";

/** A shell that is back at its prompt. */
export interface AtPrompt {
  /** Which shell: as given to `promptOf`. */
  readonly shell: string;
  /** Exit status of the command before. */
  readonly code: number;
}

const openMs = 15_000;
const columns = 500;
const etx = "\u0003";
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals speak in control characters
const controls = /\u001b\[[0-9;?]*[A-Za-z]|\u001b[()][A-Z0-9]|[\u0000-\u0008\u000b-\u001f\u007f]/g;

/**
 * An interactive shell on a host, on a terminal of its own, as a person has one in a window. Its prompt is a mark that carries
 * the exit status, so that the end of every command is seen in the stream, whatever shell is inside of whatever other.
 */
export class Terminal {
  readonly #running: RunningCommand;
  readonly #nonce: string;
  readonly #decoder = new TextDecoder();
  #text = "";
  #ended: string | undefined;
  #wake: () => void = () => {};

  private constructor(running: RunningCommand, nonce: string) {
    this.#running = running;
    this.#nonce = nonce;
    running.stdout.on("data", (chunk: Buffer) => this.#hear(this.#decoder.decode(chunk, { stream: true })));
    running.stderr.on("data", (chunk: Buffer) => this.#hear(chunk.toString("utf8")));
    running.stdin.on("error", () => {});
    running.exit.then(
      ({ code, signal }) => this.#end(`ended with ${code ?? signal}`),
      (error: Error) => this.#end(error.message),
    );
  }

  /** Opens a bash on `host`. Throws `HarnessError` when its prompt does not come. */
  static async open(host: Host): Promise<Terminal> {
    const nonce = randomBytes(4).toString("hex");
    const shell = ["bash", "--norc", "--noprofile", "--noediting"];
    const { argv, input } = programCall(["terminal", ...shell]);
    const running = await host.spawn(argv, { env: { TERM: "dumb" } });
    const terminal = new Terminal(running, nonce);
    running.stdin.write(input);
    const settings = `stty -echo -onlcr cols ${columns} rows 200; unset HISTFILE PROMPT_COMMAND; PS2=; PS1='${terminal.promptOf("host")}'`;
    if (!(await terminal.setUp(settings, openMs))) {
      terminal.close();
      throw new HarnessError(
        `${host.name}: no shell within ${openMs} ms; it printed: ${terminal.output || "nothing"}`,
      );
    }
    return terminal;
  }

  /** A value for PS1 that makes a shell's prompt recognisable. */
  promptOf(shell: string): string {
    return `@@${this.#nonce}.${shell}:$?@@`;
  }

  /** Types a line (or several) and begins to listen anew. */
  type(text: string): void {
    this.#text = "";
    this.#running.stdin.write(`${text}\n`);
  }

  /** Presses keys in what runs, without a line's end. */
  press(keys: string): void {
    this.#running.stdin.write(keys);
  }

  /**
   * Types a line that sets the shell up and waits until it has run. A shell that edits lines may print its prompt again, as when the
   * window's size changes, so a prompt alone does not tell.
   */
  async setUp(line: string, deadlineMs: number): Promise<boolean> {
    return this.#runs((say) => `${line}; ${say}`, deadlineMs);
  }

  /**
   * Presses ^C until the shell is back at a prompt and answers there; `false` when it does not within the time. Once is not always
   * enough: a program that is just being started does not get the signal, and may take the terminal from a shell that is at its prompt
   * already.
   */
  async interrupt(deadlineMs: number): Promise<boolean> {
    const start = performance.now();
    let heard: string | undefined;
    let code: number | undefined;
    while (performance.now() - start < deadlineMs && this.#ended === undefined) {
      this.#running.stdin.write(etx);
      if (!(await this.wait((prompt) => prompt !== undefined, 1_000))) continue;
      // A question that got no answer in time has begun to listen anew.
      heard ??= this.#text;
      code ??= this.prompt?.code;
      if (await this.#runs((say) => `(${say}; exit ${code})`, 1_000)) {
        this.#text = heard;
        return true;
      }
    }
    return false;
  }

  /** Types a line that says something that nobody else does, and waits for it and for the prompt that follows it. */
  async #runs(lineWith: (say: string) => string, deadlineMs: number): Promise<boolean> {
    const [first, second] = [randomBytes(4).toString("hex"), randomBytes(4).toString("hex")];
    this.type(lineWith(`printf '%s%s\\n' ${first} ${second}`));
    const done = new RegExp(`${first}${second}[^]*${this.#marks().source}`);
    return this.wait(() => done.test(this.#text), deadlineMs);
  }

  /** What was printed since the last `type`, up to the prompt that followed, without control characters. */
  get output(): string {
    const end = this.#lastMark()?.index ?? this.#text.length;
    const text = this.#text.slice(0, end).replaceAll(this.#marks(), "");
    return text.replaceAll("\r\n", "\n").replaceAll(controls, "");
  }

  /** The prompt that the shell has come back to since the last `type`. What a job in the background prints behind it changes nothing. */
  get prompt(): AtPrompt | undefined {
    const last = this.#lastMark();
    return last && { shell: last[1] ?? "", code: Number(last[2]) };
  }

  /** Why the shell is gone, once it is. */
  get ended(): string | undefined {
    return this.#ended;
  }

  /**
   * Waits until `condition` holds, asked whenever something is printed and ten times a second; `false` when it did not within the time
   * or the shell ended.
   */
  async wait(condition: (prompt: AtPrompt | undefined) => boolean, deadlineMs: number): Promise<boolean> {
    const start = performance.now();
    for (;;) {
      if (condition(this.prompt)) return true;
      if (this.#ended !== undefined || performance.now() - start >= deadlineMs) return false;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, 100);
      this.#wake = resolve;
      await promise;
      clearTimeout(timer);
    }
  }

  /** Ends the shell and what runs in it. */
  close(): void {
    if (this.#ended !== undefined) return;
    this.#running.stdin.end();
    this.#running.kill("TERM");
  }

  #lastMark(): RegExpExecArray | undefined {
    return [...this.#text.matchAll(this.#marks())].at(-1);
  }

  #marks(): RegExp {
    return new RegExp(`@@${this.#nonce}\\.([\\w-]+):(\\d+)@@`, "g");
  }

  #hear(text: string): void {
    this.#text += text;
    this.#wake();
  }

  #end(why: string): void {
    this.#ended = why;
    this.#wake();
  }
}
