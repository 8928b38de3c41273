import type { Rule } from "#drivers/driver.ts";

/** `policy rule-add` in netctl's words; what is left out stays left out. */
export function ruleOptions({ direction, protocol, port, action, priority, peer = {} }: Rule): string[] {
  const end = direction === "in" ? "from" : "to";
  return [
    `--direction=${direction}`,
    ...(protocol === "any" ? [] : [`--protocol=${protocol}`]),
    ...(port === undefined ? [] : [`--port=${port}`]),
    `--action=${action}`,
    ...(priority === undefined ? [] : [`--priority=${priority}`]),
    ...(peer.group === undefined ? [] : [`--${end}-group=${peer.group}`]),
    ...(peer.network === undefined ? [] : [`--${end}-network=${peer.network}`]),
    ...(peer.address === undefined ? [] : [`--${end}-ip-address=${peer.address}`]),
  ];
}
