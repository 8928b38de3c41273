/**
 * Chains by which the engine whose container a node is gives it names, in the node's own namespace (libnetwork). They are not the node's, and
 * nothing on the node would make them again.
 */
const ofOuterEngine = /\bDOCKER_(OUTPUT|POSTROUTING)\b/;

/** A table's own chain with its policy, as `iptables-save` has it: `:FORWARD ACCEPT [12:720]`. */
const ownChain = /^:([A-Z]+) (ACCEPT|DROP)\b/;

/**
 * What `iptables-restore` is given for a flush, made of what `iptables-save` printed: every table without a rule and without a chain but its own,
 * and what is forwarded dropped. Pure.
 */
export function flushed(saved: string): string {
  let table = "";
  const lines = saved.split("\n").flatMap((line) => {
    if (line.startsWith("*")) table = line;
    const [, chain] = ownChain.exec(line) ?? [];
    if (table === "*filter" && chain === "FORWARD") return [":FORWARD DROP [0:0]"];
    const stays = /^([*]|COMMIT)/.test(line) || chain !== undefined || ofOuterEngine.test(line);
    return stays ? [line] : [];
  });
  return lines.map((line) => `${line}\n`).join("");
}

/** The policy of what is forwarded in what `iptables-save` printed; `ACCEPT` where there is none. */
export function forwardPolicy(saved: string): "ACCEPT" | "DROP" {
  const [, filter = ""] = /^\*filter$([\s\S]*?)^COMMIT$/m.exec(saved) ?? [];
  return /^:FORWARD DROP\b/m.test(filter) ? "DROP" : "ACCEPT";
}
