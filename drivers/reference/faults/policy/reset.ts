import { isRule } from "#drivers/reference/dataplane/plan/answers.ts";
import { table } from "#drivers/reference/dataplane/plan/tables.ts";
import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import type { State } from "#drivers/reference/model/state/state.ts";

const fault: ReferenceFaultName = "established-reset-by-any-order";
const commit = /ct\(commit,zone=([^),]+)\)/;

/** Has TCP connections of members end with any change of rules: each has a mark of the rules by which it was let pass first. */
export class ResetFaults {
  readonly #faults: ReadonlySet<string>;
  /** The rules that there were, by node; the place of each is its mark. The first is nothing, since connections have no mark before. */
  readonly #past = new Map<string, string[]>();

  constructor(faults: ReadonlySet<string>) {
    this.#faults = faults;
  }

  /** The flows of a node with those marks, and without what passes by an earlier one. Where no rule is, they are what they were. */
  breakFlows(flows: readonly string[], { policies }: State, node: string): string[] {
    if (!this.#faults.has(fault)) return [...flows];
    const past = this.#past.get(node) ?? [""];
    const rules = JSON.stringify(policies);
    if (past.at(-1) !== rules) past.push(rules);
    this.#past.set(node, past);
    if (!flows.some(isRule)) return [...flows];
    const mark = past.length - 1;
    const earlier = Array.from({ length: mark - 1 }, (_, index) => index + 1);
    return [
      ...flows.map((flow) => flow.replace(commit, `ct(commit,zone=$1,exec(load:${mark}->NXM_NX_CT_MARK[]))`)),
      ...earlier.flatMap((old) =>
        ["tcp", "tcp6"].map(
          (tcp) => `table=${table.state},priority=400,${tcp},ct_state=+trk+est,ct_mark=${old},actions=drop`,
        ),
      ),
    ];
  }

  /** What was seen while the fault was on is nothing to the next one. */
  forget(): void {
    this.#past.clear();
  }
}
