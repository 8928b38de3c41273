import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Step } from "#harness/tools/tutorial/parse/tutorial.ts";
import { Terminal } from "./terminal.ts";

/** A container that was entered in a window. */
export interface Entered {
  /** Name of its shell in prompts. */
  readonly shell: string;
  /** The step that entered it. */
  readonly step: Step;
}

/** One terminal window of the reader: a shell on a node, and the containers that were entered in it. */
export class Window {
  readonly node: ClusterNode;
  readonly terminal: Terminal;
  readonly inside: Entered[] = [];
  /** What still runs in it. */
  running: Step | undefined;
  #entered = 0;

  private constructor(node: ClusterNode, terminal: Terminal) {
    this.node = node;
    this.terminal = terminal;
  }

  static async open(node: ClusterNode): Promise<Window> {
    return new Window(node, await Terminal.open(node));
  }

  /** A name for the shell of a container that is about to be entered. */
  nextShell(): string {
    return `inside${++this.#entered}`;
  }

  /** Whether a host's prompt is to be seen in it. */
  get atHost(): boolean {
    return this.inside.length === 0 && this.running === undefined && this.terminal.ended === undefined;
  }

  /** Containers whose shell has ended are left. */
  leftTo(shell: string): void {
    while (this.inside.length > 0 && this.inside.at(-1)?.shell !== shell) this.inside.pop();
  }
}
