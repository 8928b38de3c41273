import { UsageError } from "#harness/core/errors.ts";
import { readLines } from "#harness/tools/tutorial/parse/document.ts";

const what = "a specification's text in Markdown";
/** A server that does not answer in this time is taken for away. */
const answerMs = 20_000;

/** The text of a file or an http(s) URL, with line feeds. Throws `UsageError` for one that cannot be read. */
export async function readText(given: string): Promise<string> {
  return /^https?:\/\//.test(given) ? download(given) : readLines(given, what).join("\n");
}

async function download(url: string): Promise<string> {
  const expected = (got: string) => new UsageError(`${url}: expected ${what}, got ${got}`);
  const answer = await fetch(url, { signal: AbortSignal.timeout(answerMs) }).catch((error: Error) => {
    const cause = error.cause instanceof Error ? error.cause.message : error.message;
    throw expected(`no answer: ${cause}`);
  });
  if (!answer.ok) throw expected(`status ${answer.status}`);
  const text = await answer.text();
  if (/^\s*<(!doctype|html)/i.test(text)) throw expected("a web page; the raw file is wanted");
  return text.replaceAll(/\r\n?/g, "\n");
}
