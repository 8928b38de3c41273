import type { PolicySemantics, Rule } from "#drivers/driver.ts";
import { judge } from "#harness/oracle/engine/judge.ts";
import type { Flow, PolicyState } from "#harness/oracle/engine/state.ts";
import { isRight, type JudgedFlow, type SeenFlow } from "#harness/oracle/engine/table.ts";

/** The rules of a policy as users ordered them, and what is known of each. */
export class OrderedRules {
  #ordered: readonly Rule[] = [];
  readonly #inForce = new Set<string>();
  readonly #uncertain = new Set<string>();

  /** All that were ordered and are to be in force, also those that are uncertain. */
  get ordered(): readonly Rule[] {
    return this.#ordered;
  }

  /** Those of which the plugin has not said no to an order. */
  get certain(): readonly Rule[] {
    return this.#ordered.filter(({ id }) => !this.#uncertain.has(id));
  }

  /** Those that were seen to be in force on every node, and that nobody has ordered anything about since. */
  get inForce(): readonly Rule[] {
    return this.#ordered.filter(({ id }) => this.#inForce.has(id));
  }

  has({ id }: Rule): boolean {
    return this.#ordered.some((one) => one.id === id);
  }

  /** The plugin has said that it is added. */
  added(rule: Rule): void {
    this.removed(rule);
    this.#ordered = [...this.#ordered, rule];
  }

  /** The plugin has said that it is deleted. */
  removed({ id }: Rule): void {
    this.#ordered = this.#ordered.filter((one) => one.id !== id);
    this.#inForce.delete(id);
    this.#uncertain.delete(id);
  }

  /** An order about it was refused, which some nodes may have heard of; `listed`: whether the plugin says that it holds. */
  refused(rule: Rule, listed: boolean): void {
    this.removed(rule);
    if (!listed) return;
    this.added(rule);
    this.#uncertain.add(rule.id);
  }

  /** Everything that is certain was seen to be in force on every node. */
  shown(): void {
    for (const { id } of this.certain) this.#inForce.add(id);
  }
}

/** The truth table of rules of which some are not in force yet. */
export interface Judged {
  readonly flows: readonly JudgedFlow[];
  /** Of those that are blocked the ones that rules block which are in force: they pass at no moment. */
  readonly firm: ReadonlySet<Flow>;
}

/** Judges flows by rules; `meanwhile`: while something is disturbed, when what hangs on an order that was refused may be either way. */
export function judgeByOrders(
  rules: OrderedRules,
  stateOf: (rules: readonly Rule[]) => PolicyState,
  flows: readonly Flow[],
  { semantics, meanwhile }: { readonly semantics: PolicySemantics; readonly meanwhile: boolean },
): Judged {
  const [all, certain, inForce] = [rules.ordered, rules.certain, rules.inForce].map(stateOf);
  const firm = new Set<Flow>();
  const judged = flows.map((flow): JudgedFlow => {
    const [verdict, surely, by] = [all, certain, inForce].map((state) => judge(state!, flow, semantics));
    if (verdict === "blocked" && surely === "blocked" && by === "blocked") firm.add(flow);
    return { flow, verdict: meanwhile && verdict !== surely ? "either" : verdict! };
  });
  return { flows: judged, firm };
}

/**
 * Whether a table shows that its rules are in force wherever its members are: what they block is blocked between members that reach each
 * other by other flows. A wire that is cut blocks as well.
 */
export function showsInForce(table: readonly SeenFlow[]): boolean {
  const pairOf = ({ from, to, family }: Flow) => `${from.name} ${to.name} ${family}`;
  const reached = table.filter((one) => one.verdict === "open" && isRight(one));
  const connected = new Set(reached.map(({ flow }) => pairOf(flow)));
  return table.every((one) => one.verdict !== "blocked" || (isRight(one) && connected.has(pairOf(one.flow))));
}
