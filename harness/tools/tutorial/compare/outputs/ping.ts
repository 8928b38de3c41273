import { broken, type Comparator, harmless } from "#harness/tools/tutorial/compare/comparison.ts";
import { refusalIn, tellingLine } from "./refusal.ts";

const header = /^PING (\S+) \(([\d.]+)\)/m;
const reply = /^\d+ bytes from /gm;

/** A ping has replies, or it has none; the address behind the name is learned. */
export const comparePing: Comparator = (expected, { output }, context) => {
  const text = expected.join("\n");
  const shown = header.exec(text);
  const seen = header.exec(output);
  const repliesHere = output.match(reply)?.length ?? 0;
  const repliesThere = text.trim() === "" ? 1 : (text.match(reply)?.length ?? 0);
  if (repliesThere === 0) {
    return repliesHere === 0 ? [] : [broken(`expected no reply, got ${repliesHere}`)];
  }
  if (repliesHere === 0) {
    return [broken(`expected replies, got none${refusalIn(output) ? `: ${tellingLine(output)}` : ""}`)];
  }
  const [, name = "", address = ""] = shown ?? [];
  const [, , live = ""] = seen ?? [];
  if (address && live) context.learn(address, live);
  const loss = /(\d+)% packet loss/.exec(output)?.[1];
  return loss !== undefined && loss !== "0" && /\b0% packet loss/.test(text)
    ? [harmless(`${loss} % of the pings to ${name} were lost`)]
    : [];
};
