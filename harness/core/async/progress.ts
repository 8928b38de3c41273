import type { Writable } from "node:stream";

/** Tells a person what takes long, on stderr. Quick steps that succeed stay silent. */
export interface Progress {
  /** One plain line, at once. */
  say(line: string): void;
  /**
   * Runs `work`; once it has taken two seconds (`announce`: at once; `quietMs`: so many milliseconds) says so, then the elapsed time now and again, and at the end
   * how long it took. `work` may call `detail` with what it is doing right now. Errors pass through.
   */
  step<T>(
    what: string,
    work: (detail: (text: string) => void) => Promise<T> | T,
    options?: { announce?: boolean; quietMs?: number },
  ): Promise<T>;
}

interface Step {
  what: string;
  detail: string;
  start: number;
}

const quickMs = 2_000;
const everyMs = { terminal: 1_000, plain: 10_000 };

/** Progress on a stream: on a terminal one line that is redrawn, elsewhere a line every ten seconds. */
export function progressOn(out: Writable & { isTTY?: boolean; columns?: number }): Progress {
  const running = new Set<Step>();
  const terminal = out.isTTY === true;

  const elapsed = (step: Step) => `${((performance.now() - step.start) / 1000).toFixed(1)} s`;
  const status = (step: Step) => `${step.what}: ${elapsed(step)}${step.detail ? `, ${step.detail}` : ""}`;
  const redraw = () => {
    if (!terminal) return;
    const line = [...running].map(status).join(" · ");
    out.write(`\r\x1b[K${line.slice(0, (out.columns ?? 80) - 1)}`);
  };
  const say = (line: string) => {
    out.write(terminal ? `\r\x1b[K${line}\n` : `${line}\n`);
    redraw();
  };

  async function step<T>(
    what: string,
    work: (detail: (text: string) => void) => Promise<T> | T,
    { announce = false, quietMs = quickMs }: { announce?: boolean; quietMs?: number } = {},
  ): Promise<T> {
    const step: Step = { what, detail: "", start: performance.now() };
    let ticks: NodeJS.Timeout | undefined;
    const begin = () => {
      say(`${what} …`);
      running.add(step);
      ticks = setInterval(
        () => (terminal ? redraw() : say(status(step))),
        terminal ? everyMs.terminal : everyMs.plain,
      ).unref();
    };
    const timer = announce ? undefined : setTimeout(begin, quietMs).unref();
    if (announce) begin();
    const end = (how: string) => {
      clearTimeout(timer);
      clearInterval(ticks);
      if (running.delete(step)) say(`${what}: ${how} ${elapsed(step)}`);
    };
    try {
      const result = await work((text) => {
        step.detail = text;
      });
      end("done in");
      return result;
    } catch (error) {
      end("failed after");
      throw error;
    }
  }

  return { say, step };
}

/** Progress for this process. */
export const progress: Progress = progressOn(process.stderr);
