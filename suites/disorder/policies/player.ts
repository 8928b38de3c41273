import type { PolicySemantics } from "#drivers/driver.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError, ProbeFailed } from "#harness/core/errors.ts";
import type { PolicyCase } from "#harness/oracle/cases/case.ts";
import { type Closing, closings } from "#harness/oracle/cases/closing.ts";
import { type Setting, type Step, stateOf, stepsOf, undoing } from "#harness/oracle/cases/steps.ts";
import type { Family } from "#harness/oracle/engine/state.ts";
import {
  describeFlow,
  flowsAcrossTenants,
  flowsAmong,
  isRight,
  type JudgedFlow,
  judgeAll,
  type SeenFlow,
} from "#harness/oracle/engine/table.ts";
import type { Field } from "./field.ts";
import { look } from "./look.ts";

const families: readonly Family[] = [4, 6];
/** Until everybody of a new field reaches everybody. */
const readyMs = 30_000;
const clearMs = 2_000;
/** After so many cases of a field it is looked for rules that stayed and allow. */
const casesTogether = 10;

/** What a case came to. */
export interface Played {
  readonly given: PolicyCase;
  readonly setting: Setting;
  /**
   * When it was looked: before it had a rule, while its rules were in force, when they were gone, when they were gone and others closed
   * both groups, or when those were gone again. The first of these at which something was wrong; `in force` where nothing was.
   */
  readonly when: "before" | "in force" | "gone" | "closed" | "open again";
  /** What closed both groups until then, the last of it still in force where it was looked then. */
  readonly closings?: readonly Closing[];
  /** The cases that the field had seen before, since it was last looked for rules that stayed and allow. */
  readonly since: readonly PolicyCase[];
  readonly table: readonly SeenFlow[];
  readonly wrong: readonly SeenFlow[];
  /** Whether everything was right at the first look. */
  readonly atOnce: boolean;
}

/** How a case is played. */
export interface PlayOptions {
  /** Until when a table has to be right. */
  readonly settleMs: number;
  /** Whether it is looked in the end for rules that stayed and allow; default: after every tenth case. */
  readonly thorough?: boolean;
}

type Seen = Pick<Played, "table" | "wrong" | "atOnce">;

/** Plays cases on a field, one at a time. */
export class Player {
  readonly #field: Field;
  readonly #scope: Scope;
  readonly #semantics: PolicySemantics;
  #visitor: Scope | undefined;
  #since: readonly PolicyCase[] = [];

  constructor(field: Field, scope: Scope, semantics: PolicySemantics) {
    this.#field = field;
    this.#scope = scope;
    this.#semantics = semantics;
  }

  /** Sees everything open, since no rule is there yet. Throws `ProbeFailed` where it is not. */
  async begin(): Promise<void> {
    const [first] = (await this.#lookWithoutRules(readyMs)).wrong;
    if (first) throw new ProbeFailed(`without a rule, ${describeFlow(first.flow)}: ${first.seen.state}`);
  }

  /** Whether everything is as it must be when no case is being played. */
  async isClear(): Promise<boolean> {
    return (await this.#lookWithoutRules(clearMs)).wrong.length === 0;
  }

  /**
   * Makes the case, looks at the whole table, and has the case gone again. What must be blocked is seen open before there is a rule, but for
   * who is started within the case. Everything is seen open when there is no rule any more, while whom the case started still runs.
   */
  async play(
    given: PolicyCase,
    { settleMs, thorough = this.#since.length >= casesTogether - 1 }: PlayOptions,
  ): Promise<Played> {
    const { setting } = this.#field;
    const about = { given, setting, since: this.#since };
    this.#since = [...this.#since, given];
    const judged = this.#judged(given);
    const before = await this.#look(this.#openBefore(judged), "what no rule names to be open", settleMs);
    if (before.wrong.length > 0) return { ...about, when: "before", ...before };
    await this.#doAll(stepsOf(given, setting));
    const during = await this.#look(judged, "the table to be what the rules say", settleMs);
    const undo = undoing(given);
    await this.#doAll(undo.filter(({ do: what }) => what === "remove rule"));
    const after = during.wrong.length > 0 ? undefined : await this.#lookAfter(given, { settleMs, thorough });
    await this.#doAll(undo.filter(({ do: what }) => what !== "remove rule"));
    if (!after) return { ...about, when: "in force", ...during };
    if (after.wrong.length > 0) return { ...about, ...after };
    return { ...about, when: "in force", ...during, atOnce: during.atOnce && after.atOnce };
  }

  /** Of what rules may block, that between those who are there before the case. */
  #openBefore(judged: readonly JudgedFlow[]): JudgedFlow[] {
    const { participants } = this.#field;
    return judged
      .filter(isWithinTenant)
      .filter(({ verdict }) => verdict !== "open")
      .filter(({ flow: { from, to } }) => participants.has(from.name) && participants.has(to.name))
      .map(({ flow }): JudgedFlow => ({ flow, verdict: "open" }));
  }

  /** Everything is open without rules; and closed by others, direction by direction, where it is looked for rules that stayed. */
  async #lookAfter(
    given: PolicyCase,
    { settleMs, thorough }: Required<PlayOptions>,
  ): Promise<Seen & Pick<Played, "when" | "closings">> {
    // What is across tenants no rule opens or closes; it was looked at with the rules of the case.
    const without = (rules: PolicyCase["rules"]) =>
      this.#judged({ ...given, rules, earlier: [] }).filter(isWithinTenant);
    const open = await this.#look(without([]), "everything to be open without rules", settleMs);
    if (open.wrong.length > 0 || !thorough) return { when: "gone", ...open };
    let atOnce = open.atOnce;
    const all = closings(this.#field.setting, this.#semantics);
    for (const [index, closing] of all.entries()) {
      await this.#doAll(closing.steps);
      const what = "rules of the lowest priority to close everything";
      const closed = await this.#look(without(closing.given.rules), what, settleMs);
      await this.#doAll(closing.undo);
      if (closed.wrong.length > 0) return { when: "closed", closings: all.slice(0, index + 1), ...closed };
      atOnce &&= closed.atOnce;
    }
    const again = await this.#look(without([]), "everything to be open again", settleMs);
    if (again.wrong.length === 0) this.#since = [];
    return { when: "open again", closings: all, ...again, atOnce: atOnce && again.atOnce };
  }

  #lookWithoutRules(deadlineMs: number): Promise<Seen> {
    // What is open across tenants is so without any rule of a case; it is judged with the first of them.
    const open = this.#judged({ order: "plain", rules: [], earlier: [] }).filter(isWithinTenant);
    return this.#look(open, "everybody to reach everybody without a rule", deadlineMs);
  }

  #judged(given: PolicyCase): JudgedFlow[] {
    const { setting } = this.#field;
    const state = stateOf(given, setting);
    const flows = [
      ...flowsAmong(state.members, { families, ports: Object.values(setting.ports) }),
      ...flowsAcrossTenants(state.members, { families, ports: portsAcross(given, setting) }),
    ];
    return judgeAll(state, flows, this.#semantics);
  }

  async #look(wanted: readonly JudgedFlow[], what: string, deadlineMs: number): Promise<Seen> {
    const { table, atOnce } = await look(this.#field.participants, wanted, { what, deadlineMs });
    return { table, wrong: table.filter((one) => !isRight(one)), atOnce };
  }

  async #doAll(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#do(step);
  }

  async #do(step: Step): Promise<void> {
    const { policies, participants, setting } = this.#field;
    switch (step.do) {
      case "add rule":
        return policies[step.policy].addRule(step.rule);
      case "remove rule":
        return policies[step.policy].removeRule(step.id);
      case "start visitor": {
        this.#visitor = this.#scope.child("the visitor");
        const visitor = await this.#field.startVisitor(this.#visitor, step.group);
        participants.set(setting.visitor.name, visitor);
        return;
      }
      case "stop visitor": {
        participants.delete(setting.visitor.name);
        if (!this.#visitor) throw new HarnessError("there is no visitor to stop");
        await this.#visitor.close();
        return;
      }
    }
  }
}

/** What is tried across tenants, where all is closed: the ports that the rules name, or one. */
function portsAcross({ rules }: PolicyCase, { ports }: Setting): number[] {
  const named = rules.flatMap(({ port }) => (port === "every" ? [] : [ports[port]]));
  return named.length > 0 ? [...new Set(named)] : [ports.first];
}

function isWithinTenant({ flow: { from, to } }: JudgedFlow): boolean {
  return from.tenant === to.tenant;
}
