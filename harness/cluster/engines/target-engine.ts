import { type EngineChoice, formatFlags } from "#harness/core/engines/grammar.ts";

/** The engine of a node, once it is known which version answers. */
export interface NodeEngine extends EngineChoice {
  /** What the node's engine calls itself, e.g. `28.5.2+dfsg2`, or its beginning, e.g. `26.1`. */
  readonly version: string;
}

/** The engines of a cluster. Plain JSON. */
export interface TargetEngine {
  /** Name by which targets and reports call them: `26.1`, `26.1+28.5.2[icc=false]`. */
  readonly name: string;
  /** Of node1, of node2, …; nodes beyond have the last one. None where hosts have what they have. */
  readonly nodes: readonly NodeEngine[];
}

/** Engines by the versions that answer, not by what was asked for. */
export function nameEngines(nodes: readonly NodeEngine[]): TargetEngine {
  return {
    name: nodes.map(({ version, flags }) => `${shortVersion(version)}${formatFlags(flags)}`).join("+"),
    nodes,
  };
}

/** The engine of a node, counted from 0. */
export function engineOfNode({ nodes }: TargetEngine, index: number): NodeEngine | undefined {
  return nodes[Math.min(index, nodes.length - 1)];
}

/** Those of `flags` that an engine was not started with; `commandLine` as `/proc/PID/cmdline` has it. */
export function flagsWithout(commandLine: string, flags: readonly string[]): string[] {
  const given = commandLine.split("\0");
  return flags.filter((flag) => !given.includes(`--${flag}`));
}

/** A version without what a distribution adds to it: `28.5.2` of `28.5.2+dfsg2`. */
export function shortVersion(version: string): string {
  return version.replace(/\+.*/, "");
}

/** Whether an engine that calls itself `answered` is of the version `expected`, or of a line of versions such as `26.1`. */
export function isOfVersion(answered: string, expected: string): boolean {
  return answered.startsWith(expected) && !/^\d/.test(answered.slice(expected.length));
}
