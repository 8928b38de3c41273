import { broken, type Comparator } from "#harness/tools/tutorial/compare/comparison.ts";
import { compareRefusal, refusalIn } from "./refusal.ts";

const connected = /\bconnected to\b|succeeded!|\bopen\b/i;

/** What `nc` says of a connection: made, refused, timed out. Nothing and status 0 means made. */
export const compareConnection: Comparator = (expected, observed) => {
  const text = expected.join("\n");
  const made = connected.test(observed.output) || (observed.output.trim() === "" && observed.code === 0);
  const wanted = connected.test(text) || text.trim() === "";
  if (!wanted && refusalIn(text)) {
    return made ? [broken(`expected ${refusalIn(text)}, got a connection`)] : compareRefusal(text, observed);
  }
  if (made) return [];
  const seen = observed.code === undefined ? "nothing" : `exit status ${observed.code}`;
  return [broken(`expected a connection, got ${refusalIn(observed.output) ?? seen}`)];
};
