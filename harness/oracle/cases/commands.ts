import { ruleOptions } from "#drivers/kit/netctl/rule-options.ts";
import type { Member } from "#harness/oracle/engine/state.ts";
import { boundBy, groupSlots, policySlots } from "./case.ts";
import type { Setting, Step } from "./steps.ts";

/** What stands before every case, as netctl and Docker are asked for it; a line each. */
export function preparations({ tenant, policies, groups, networks, members }: Setting): string[] {
  const place = ["-t", tenant];
  const own = members.filter((member) => member.tenant === tenant);
  return [
    ...policySlots.map((slot) => line("netctl policy create", ...place, policies[slot])),
    ...groupSlots.map((slot) => {
      const bound = boundBy[slot].flatMap((policy) => ["-p", policies[policy]]);
      return line("netctl group create", ...place, ...bound, networks.own, groups[slot]);
    }),
    ...own.map(starting),
  ];
}

/** The steps as a person would do them with netctl and Docker; a line each. */
export function commandsOf(steps: readonly Step[], setting: Setting): string[] {
  return steps.map((step) => commandOf(step, setting));
}

function commandOf(step: Step, { tenant, policies, groups, visitor }: Setting): string {
  switch (step.do) {
    case "add rule": {
      const words = ["-t", tenant, ...ruleOptions(step.rule), policies[step.policy], step.rule.id];
      return line("netctl policy rule-add", ...words);
    }
    case "remove rule":
      return line("netctl policy rule-rm", "-t", tenant, policies[step.policy], step.id);
    case "start visitor":
      return starting({ ...visitor, group: groups[step.group] });
    case "stop visitor":
      return line("docker rm --force", visitor.name);
  }
}

/** Groups are networks of the engine, too; of another tenant than the default one with its name behind theirs. */
function starting({ name, group, network, tenant, addresses }: Member): string {
  const place = group ?? network;
  const named = tenant === "default" ? place : `${place}/${tenant}`;
  return line("docker run -d --name", name, "--network", named, "--ip", addresses[4], "IMAGE sleep inf");
}

function line(...words: readonly string[]): string {
  return words.join(" ");
}
