/** Two of the cluster's nodes: the first one, and the last one, whose engine may end. */
export const places = ["near", "far"] as const;
export type Place = (typeof places)[number];

/** Interfaces by which nodes reach each other. */
export const wires = ["control", "data"] as const;
export type Wire = (typeof wires)[number];

/** What can be done to a cluster that a network must get over. */
export const disturbanceKinds = [
  "cut",
  "one way",
  "loss",
  "delay",
  "engine killed",
  "plugin killed",
  "node gone",
  "clock jump",
] as const;
export type DisturbanceKind = (typeof disturbanceKinds)[number];

/** What is done, and to whom. */
export type Disturbing =
  /** Nothing passes the wire of a node in either direction. */
  | { readonly kind: "cut"; readonly wire: Wire; readonly node: Place }
  /** Nothing passes in that direction, as the node sees it. */
  | { readonly kind: "one way"; readonly wire: Wire; readonly node: Place; readonly direction: "in" | "out" }
  /** One packet of five is lost, each way. */
  | { readonly kind: "loss"; readonly wire: Wire; readonly node: Place }
  /** What leaves the node comes late. */
  | { readonly kind: "delay"; readonly wire: Wire; readonly node: Place }
  /** The engine of the far node ends by SIGKILL, and is started again. */
  | { readonly kind: "engine killed" }
  /** The plugin ends by SIGKILL, and is started again. */
  | { readonly kind: "plugin killed" }
  /** Nothing of the far node answers any more; `givenUp`: and the plugin is told that it will not come back. */
  | { readonly kind: "node gone"; readonly givenUp: boolean }
  /** The clock of the far node is an hour ahead, and then right again. */
  | { readonly kind: "clock jump" };

/** A disturbance with the moments at which it begins and ends. */
export interface Disturbance {
  readonly what: Disturbing;
  readonly from: number;
  /** Later than `from`. */
  readonly to: number;
}

/** What users do meanwhile: a container comes to a node or goes, a port is closed by a rule or opened again. */
export type Change = "start near" | "start far" | "end near" | "end far" | "close port" | "open port";

export interface ChangeAt {
  readonly change: Change;
  readonly at: number;
}

/** The last moment, at which everything that still lasts ends. */
export const lastMoment = 3;

/** What is disturbed when, and what is changed meanwhile. */
export interface Schedule {
  readonly disturbances: readonly Disturbance[];
  readonly changes: readonly ChangeAt[];
}

/** One thing that is done. Disturbances are named by their place in the schedule. */
export type Step =
  | { readonly do: "begin" | "end"; readonly disturbance: number }
  | { readonly do: "change"; readonly change: Change }
  /** Looks at what must hold at any time. */
  | { readonly do: "look" };

/** The steps of a schedule in their order: at each moment what ends, what begins, what is changed, and then a look. */
export function stepsOf({ disturbances, changes }: Schedule): Step[] {
  const all = [...disturbances.keys()];
  return Array.from({ length: lastMoment + 1 }, (_, moment): Step[] => {
    const ends = all.filter((index) => disturbances[index]!.to === moment);
    const begins = all.filter((index) => disturbances[index]!.from === moment);
    const isDisturbed = disturbances.some(({ from, to }) => from <= moment && moment < to);
    return [
      ...ends.map((disturbance): Step => ({ do: "end", disturbance })),
      ...begins.map((disturbance): Step => ({ do: "begin", disturbance })),
      ...changes.flatMap(({ change, at }): Step[] => (at === moment ? [{ do: "change", change }] : [])),
      ...(isDisturbed ? [{ do: "look" } as const] : []),
    ];
  }).flat();
}

const endings: readonly DisturbanceKind[] = ["engine killed", "plugin killed", "node gone"];

/**
 * Whether a schedule can be played: one thing is ended at a time, no wire is disturbed twice in one way, nobody is asked who is not there,
 * and what is taken back was done before.
 */
export function isPlayable({ disturbances, changes }: Schedule): boolean {
  if (disturbances.length === 0) return false;
  const ended = disturbances.filter(({ what }) => endings.includes(what.kind));
  const apart = disturbances.every((one, index) =>
    disturbances.slice(index + 1).every((other) => !exclude(one.what, other.what) || !overlap(one, other)),
  );
  const during = (kind: DisturbanceKind, at: number) =>
    ended.some(({ what, from, to }) => what.kind === kind && from <= at && at < to);
  const answered = changes.every(({ change, at }) => {
    if (during("plugin killed", at)) return false;
    return !change.endsWith("far") || !(during("engine killed", at) || during("node gone", at));
  });
  return apart && answered && areInOrder(changes);
}

function overlap(one: Disturbance, other: Disturbance): boolean {
  return one.from < other.to && other.from < one.to;
}

function exclude(one: Disturbing, other: Disturbing): boolean {
  if (endings.includes(one.kind) && endings.includes(other.kind)) return true;
  if (one.kind === "clock jump" && other.kind === one.kind) return true;
  const isSameWire = "wire" in one && "wire" in other && one.wire === other.wire && one.node === other.node;
  return isSameWire && one.kind === other.kind;
}

const earlier: Partial<Record<Change, Change>> = {
  "end near": "start near",
  "end far": "start far",
  "open port": "close port",
};

/** Each change once, and what takes another one back after that. */
function areInOrder(changes: readonly ChangeAt[]): boolean {
  const done = new Set<Change>();
  let last = 0;
  return changes.every(({ change, at }) => {
    const before = earlier[change];
    const right = at >= last && !done.has(change) && (before === undefined || done.has(before));
    done.add(change);
    last = at;
    return right;
  });
}

/** `the control wire of near is cut`. */
export function describeDisturbing(what: Disturbing): string {
  switch (what.kind) {
    case "cut":
      return `the ${what.wire} wire of ${what.node} is cut`;
    case "one way":
      return `nothing ${what.direction === "in" ? "comes in" : "goes out"} by the ${what.wire} wire of ${what.node}`;
    case "loss":
      return `the ${what.wire} wire of ${what.node} loses one packet of five`;
    case "delay":
      return `what leaves by the ${what.wire} wire of ${what.node} comes late`;
    case "engine killed":
      return "the engine of far is killed";
    case "plugin killed":
      return "the plugin is killed";
    case "node gone":
      return what.givenUp ? "far is gone, and given up" : "far is gone";
    case "clock jump":
      return "the clock of far is an hour ahead";
  }
}

const changeTexts: Readonly<Record<Change, string>> = {
  "start near": "a container is started on near",
  "start far": "a container is started on far",
  "end near": "that container of near is removed",
  "end far": "that container of far is removed",
  "close port": "a rule closes a port",
  "open port": "that rule is deleted",
};

export function describeChange(change: Change): string {
  return changeTexts[change];
}

/** One line for each step that does something. */
export function describeSchedule(schedule: Schedule): string[] {
  return stepsOf(schedule).flatMap((step) => {
    if (step.do === "look") return [];
    if (step.do === "change") return [describeChange(step.change)];
    const told = describeDisturbing(schedule.disturbances[step.disturbance]!.what);
    return [step.do === "begin" ? told : `no longer: ${told}`];
  });
}
