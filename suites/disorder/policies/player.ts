import type { PolicySemantics } from "#drivers/driver.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError, ProbeFailed } from "#harness/core/errors.ts";
import type { PolicyCase } from "#harness/oracle/cases/case.ts";
import { type Setting, type Step, stateOf, stepsOf, undoing } from "#harness/oracle/cases/steps.ts";
import type { Family } from "#harness/oracle/engine/state.ts";
import {
  describeFlow,
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

/** What a case came to. */
export interface Played {
  readonly given: PolicyCase;
  readonly setting: Setting;
  /** While its rules were in force, or, where those were as they must be, when they were gone. */
  readonly when: "in force" | "gone";
  readonly table: readonly SeenFlow[];
  readonly wrong: readonly SeenFlow[];
  /** Whether everything was right at the first look. */
  readonly atOnce: boolean;
}

/** Plays cases on a field, one at a time. */
export class Player {
  readonly #field: Field;
  readonly #scope: Scope;
  readonly #semantics: PolicySemantics;
  #visitor: Scope | undefined;

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

  /** Whether everything is open, as it must be when no case is being played. */
  async isClear(): Promise<boolean> {
    return (await this.#lookWithoutRules(clearMs)).wrong.length === 0;
  }

  #lookWithoutRules(deadlineMs: number): Promise<Pick<Played, "wrong">> {
    const open = this.#judged({ order: "plain", rules: [], earlier: [] });
    return this.#look(open, "everybody to reach everybody without a rule", deadlineMs);
  }

  /**
   * Makes the case, looks at the whole table, and has the case gone again. What must be blocked is seen open before and after: before
   * there is a rule, and when there is none any more.
   */
  async play(given: PolicyCase, { settleMs }: { readonly settleMs: number }): Promise<Played> {
    const { setting } = this.#field;
    const judged = this.#judged(given);
    const controls = judged
      .filter(({ verdict }) => verdict !== "open")
      .map(({ flow }): JudgedFlow => ({ flow, verdict: "open" }));
    const staying = controls.filter(
      ({ flow }) =>
        this.#field.participants.has(flow.from.name) && this.#field.participants.has(flow.to.name),
    );
    const before = await this.#look(staying, "what no rule names to be open", settleMs);
    if (before.wrong.length > 0) return { given, setting, when: "gone", ...before };
    for (const step of stepsOf(given, setting)) await this.#do(step);
    const during = await this.#look(judged, "the table to be what the rules say", settleMs);
    for (const step of undoing(given)) await this.#do(step);
    if (during.wrong.length > 0) return { given, setting, when: "in force", ...during };
    const after = await this.#look(staying, "everything to be open without rules", settleMs);
    if (after.wrong.length > 0) return { given, setting, when: "gone", ...after };
    return { given, setting, when: "in force", ...during, atOnce: during.atOnce && after.atOnce };
  }

  #judged(given: PolicyCase): JudgedFlow[] {
    const { setting } = this.#field;
    const state = stateOf(given, setting);
    const flows = flowsAmong(state.members, { families, ports: Object.values(setting.ports) });
    return judgeAll(state, flows, this.#semantics);
  }

  async #look(
    wanted: readonly JudgedFlow[],
    what: string,
    deadlineMs: number,
  ): Promise<Pick<Played, "table" | "wrong" | "atOnce">> {
    const { table, atOnce } = await look(this.#field.participants, wanted, { what, deadlineMs });
    return { table, wrong: table.filter((one) => !isRight(one)), atOnce };
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
