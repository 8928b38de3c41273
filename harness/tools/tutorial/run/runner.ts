import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { Blocked } from "#harness/core/errors.ts";
import { type Comparison, compare } from "#harness/tools/tutorial/compare/compare.ts";
import {
  broken,
  type ComparisonVerdict,
  type Context,
  type OutputFinding,
  verdictOf,
} from "#harness/tools/tutorial/compare/comparison.ts";
import { refusalIn } from "#harness/tools/tutorial/compare/outputs/refusal.ts";
import { applyMapping, wholeWord } from "#harness/tools/tutorial/mapping/apply.ts";
import type { Step } from "#harness/tools/tutorial/parse/tutorial.ts";
import { interrupt, runCommand } from "./command.ts";
import { entersContainer, leaveContainer } from "./container-shell.ts";
import type { Environment } from "./environment/environment.ts";
import { Knowledge } from "./knowledge.ts";
import { Window } from "./terminal/window.ts";
import { deadlines } from "./typed-command.ts";

/** What became of one command of the text. */
export interface StepResult {
  readonly step: Step;
  readonly verdict: ComparisonVerdict | "not runnable";
  /** Why it could not run. */
  readonly reason: string | undefined;
  readonly findings: readonly OutputFinding[];
  /** Oddities of the text, and what the mapping and the runner changed. */
  readonly notes: readonly string[];
  readonly ran: Ran | undefined;
  /** Line of an earlier command that should have made what a broken one needs. */
  readonly follows: number | undefined;
}

/** How a command ran. */
export interface Ran {
  /** Name of the node here. */
  readonly node: string;
  readonly command: string;
  /** With the text's names. */
  readonly output: string;
  /** `undefined` where it was interrupted or goes on. */
  readonly code: number | undefined;
  readonly durationMs: number;
}

/**
 * Runs the steps of a text one after the other, each in the window in which a reader would have typed it. A window is opened on
 * a node when all others there are inside of a container or busy; what was exported on the node goes with it.
 */
export class Runner {
  readonly #environment: Environment;
  readonly #knowledge = new Knowledge();
  readonly #windows: Window[] = [];
  /** A window that nobody has used yet, by its node. */
  readonly #spare = new Map<ClusterNode, Promise<Window>>();
  #last: Window | undefined;
  /** Node of the last prompt that named one. */
  #lastNode: string | undefined;
  /** The last attempt to enter a container, where it failed. */
  #locked: { step: Step; reason: string } | undefined;
  /** Steps for which the mapping ran another program. */
  readonly #replaced = new Set<Step>();
  /** Time in which commands ran, in milliseconds. */
  commandMs = 0;

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#lastNode = environment.mapping.start;
    for (const node of environment.nodes) this.#prepare(node);
  }

  async run(step: Step): Promise<StepResult> {
    const { mapping, plugin } = this.#environment;
    const mapped = applyMapping(mapping, plugin, step);
    const notes = [...step.notes];
    const end = (verdict: StepResult["verdict"], rest: Partial<StepResult> = {}): StepResult => {
      const follows = verdict === "broken" ? this.#knowledge.causeOf(step.command) : undefined;
      this.#remember(step, verdict, this.#replaced.has(step));
      return { step, verdict, reason: undefined, findings: [], ran: undefined, ...rest, notes, follows };
    };
    if (mapped.kind === "not runnable") {
      if (this.#enters(step)) this.#locked = { step, reason: "was not run" };
      return end("not runnable", { reason: mapped.reason });
    }
    if (mapped.kind === "login") {
      notes.push(...mapped.notes);
      this.#last = await this.#hostWindow(mapped.host, notes);
      return end("same", {
        ran: { node: mapped.host, command: step.command, output: "", code: 0, durationMs: 0 },
      });
    }
    try {
      const on = mapped.on === undefined ? undefined : await this.#environment.fill(mapped.on);
      const found = await this.#window(step, on, notes);
      if ("reason" in found) return end("not runnable", { reason: found.reason });
      const { window } = found;
      const { unless } = mapped;
      if (unless) {
        const test = await window.node.exec(["sh", "-c", await this.#environment.fill(unless.test)]);
        if (test.code === 0) return end("not runnable", { reason: unless.reason });
      }
      const filled = await this.#environment.fill(mapped.command);
      const { command: whole, missing } = this.#knowledge.fillIn(filled, mapping.placeholders, notes);
      if (missing !== undefined) {
        return end("not runnable", { reason: `nothing before has printed what ${missing} is` });
      }
      const command = this.#knowledge.substitute(whole, notes);
      if (command !== step.command || on !== undefined) notes.push(...mapped.notes);
      this.#last = window;
      const replaced = programOf(mapped.command) !== programOf(step.command);
      if (replaced) this.#replaced.add(step);
      const { comparison, ran } = await this.#type(window, step, command, replaced);
      if (comparison.verdict !== "broken") await this.#environment.settle(command, window.node);
      else this.#explain(step, ran.output, notes);
      const detached = step.detached ? await this.#detach(window) : [];
      const findings = [...comparison.findings, ...detached];
      return end(verdictOf(findings), { findings, ran });
    } catch (error) {
      // What breaks in the harness is nothing that the text could be blamed for; it ends the run.
      if (!(error instanceof Blocked)) throw error;
      return end("not runnable", { reason: error.message });
    }
  }

  /** Ends everything that still runs. */
  async close(): Promise<void> {
    const spare = await Promise.allSettled(this.#spare.values());
    const opened = spare.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    for (const { terminal } of [...this.#windows, ...opened]) terminal.close();
  }

  async #window(
    step: Step,
    on: string | undefined,
    notes: string[],
  ): Promise<{ window: Window } | { reason: string }> {
    const { place } = step;
    if (place.kind === "container") {
      if (this.#locked) {
        const { step: attempt, reason } = this.#locked;
        return { reason: `it belongs into the container that line ${attempt.line} enters, which ${reason}` };
      }
      const { host } = place;
      const node = host === undefined ? undefined : this.#node(host);
      const entered = [...this.#windows, ...(this.#last ? [this.#last] : [])].filter(
        ({ inside }) => inside.length > 0,
      );
      const window = entered.findLast((one) => one.node === node) ?? entered.at(-1);
      if (!window) return { reason: "no container has been entered before" };
      if (window.running) await this.#interrupt(window, notes);
      return { window };
    }
    if (place.kind === "node") this.#lastNode = place.host;
    else if (this.#lastNode === undefined) return { reason: "on the reader's own machine" };
    else notes.push(`a prompt without a host: taken for ${this.#lastNode}, where the text was last`);
    const host = on ?? this.#lastNode ?? "";
    return { window: await this.#hostWindow(host, notes) };
  }

  async #hostWindow(host: string, notes: string[]): Promise<Window> {
    const node = this.#node(host);
    const here = this.#windows.filter(
      (window) => window.node === node && window.terminal.ended === undefined,
    );
    const free = here.find(({ atHost }) => atHost);
    if (free) return free;
    const [busy] = here;
    if (busy) {
      const { running, inside } = busy;
      const why = running
        ? `line ${running.line} still runs`
        : `line ${inside.at(-1)?.step.line} is not followed by exit`;
      notes.push(`a second window on ${host}: in the first, ${why}`);
    }
    return this.#open(node);
  }

  #node(host: string): ClusterNode {
    return this.#environment.node(this.#environment.mapping.nodes[host] ?? host);
  }

  #enters(step: Step): boolean {
    return entersContainer(step.command, Object.keys(this.#environment.mapping.images));
  }

  /** Leaves the container that the window is in, by the detach keys. */
  async #detach(window: Window): Promise<OutputFinding[]> {
    if (window.inside.length === 0) return [];
    const left = await leaveContainer(window);
    return left ? [] : [broken("expected the detach keys to leave the container, got no prompt of the host")];
  }

  async #open(node: ClusterNode): Promise<Window> {
    const window = await (this.#spare.get(node) ?? Window.open(node));
    this.#windows.push(window);
    this.#prepare(node);
    for (const exported of this.#knowledge.exportsOn(node.name)) {
      window.terminal.type(exported);
      await window.terminal.wait((prompt) => prompt !== undefined, deadlines.promptMs);
    }
    return window;
  }

  /** Opens the next window while commands run. */
  #prepare(node: ClusterNode): void {
    const opening = Window.open(node);
    // The command that needs it is told.
    opening.catch(() => {});
    this.#spare.set(node, opening);
  }

  async #interrupt(window: Window, notes: string[]): Promise<void> {
    notes.push(`line ${window.running?.line} still ran; it was ended with ^C, which the text leaves out`);
    await interrupt(window);
  }

  async #type(
    window: Window,
    step: Step,
    command: string,
    replaced: boolean,
  ): Promise<{ comparison: Comparison; ran: Ran }> {
    const context = this.#context(replaced);
    const seen = (output: string) => this.#environment.translateBack(output);
    const start = performance.now();
    const { output, code, comparison, entered } = await runCommand({
      ...{ window, step, command, mapping: this.#environment.mapping },
      judge: (text, status) => compare(step.command, step.expected, { output: text, code: status }, context),
    });
    const durationMs = performance.now() - start;
    this.#knowledge.printed(step.command, output);
    this.commandMs += durationMs;
    if (entered !== undefined) this.#locked = entered ? undefined : { step, reason: "did not get there" };
    if (/^\s*export\s/.test(command) && code === 0) this.#knowledge.exported(window.node.name, command);
    return { comparison, ran: { node: window.node.name, command, output: seen(output), code, durationMs } };
  }

  /** A name that is taken was taken by the text itself, where it was. */
  #explain(step: Step, output: string, notes: string[]): void {
    if (refusalIn(output) !== "something that exists already") return;
    for (const [name, { line, succeeded }] of this.#knowledge.made) {
      if (line >= step.line || !wholeWord(name).test(output)) continue;
      notes.push(
        succeeded
          ? `line ${line} made ${name}, and nothing in the text removes it`
          : `line ${line} has used the name ${name} already`,
      );
    }
  }

  #context(replaced: boolean): Context {
    const { mapping, plugin } = this.#environment;
    return {
      plugin,
      replaced,
      nodes: new Set(Object.keys(mapping.nodes)),
      made: this.#knowledge.made,
      subnets: this.#knowledge.subnets,
      equivalent: (a, b) => mapping.equivalent.some((words) => words.includes(a) && words.includes(b)),
      foreign: (name) => mapping.foreign.some((pattern) => pattern.test(name)),
      translate: (printed) => this.#environment.translateBack(printed),
      given: (value) => this.#knowledge.given(value),
      learn: (expected, observed) => this.#knowledge.learn(expected, observed),
    };
  }

  #remember(step: Step, verdict: StepResult["verdict"], replaced: boolean): void {
    const succeeded = verdict === "same" || verdict === "differs harmlessly";
    this.#knowledge.remember(step, { succeeded, replaced });
  }
}

/** The program and its first word, e.g. `docker run`: another one has output of another form. */
function programOf(command: string): string {
  return command
    .replace(/^(?:sudo|runuser -u \S+ --)\s+/, "")
    .split(/\s+/)
    .slice(0, 2)
    .join(" ");
}
