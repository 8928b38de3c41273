import { table } from "./tables.ts";

/** A flow of a rule: of the tables `out` and `in`, with a priority of three digits. */
export const isRule = (flow: string) =>
  new RegExp(`^table=(${table.out}|${table.in}),priority=[1-9]\\d\\d,`).test(flow);

/** The flows, and for each of a rule one that judges the answers to what the rule judges: with source and destination in each other's place. */
export function judgingAnswers(flows: readonly string[]): string[] {
  return [...flows, ...flows.filter(isRule).map(answering)];
}

const otherWay: Readonly<Record<string, string>> = {
  [`table=${table.out},`]: `table=${table.answerOut},`,
  [`table=${table.in},`]: `table=${table.answerIn},`,
  [`goto_table:${table.in}`]: `goto_table:${table.answerIn}`,
  [`goto_table:${table.commit}`]: "NORMAL",
  "reg1=": "reg2=",
  "reg2=": "reg1=",
  "nw_src=": "nw_dst=",
  "nw_dst=": "nw_src=",
  "ipv6_src=": "ipv6_dst=",
  "ipv6_dst=": "ipv6_src=",
  "tp_src=": "tp_dst=",
  "tp_dst=": "tp_src=",
};

function answering(flow: string): string {
  return flow.replace(/table=\d+,|goto_table:\d+|(?:reg[12]|(?:nw|ipv6|tp)_(?:src|dst))=/g, (part) => {
    return otherWay[part] ?? part;
  });
}
