import { sections } from "./table.ts";

/** netctl's exit statuses (contiv/netplugin, netctl/exit.go). */
export const exits = { success: 0, badArguments: 1, noAnswer: 2, refused: 3 } as const;

/** A message as netctl logs it to a terminal. */
export function logLine(level: "INFO" | "ERRO", message: string): string {
  return `${level}[0000] ${message}\n`;
}

/**
 * What went wrong, from the output of a netctl that failed: the last message that it logs as an error, to a terminal
 * (`ERRO[0000] …`) or to a file (`level=error msg="…"`), on one line and without the calls of its programs; else the first line of output.
 * Quotes and line ends inside a message are not escaped.
 */
export function errorIn(output: string): string {
  const [last] = output
    .split(/^(?=time="|[A-Z]{4}\[\d+\])/m)
    .flatMap((entry) => /(?:level=(?:error|fatal) msg=|^(?:ERRO|FATA)\[\d+\])(.*)$/s.exec(entry)?.[1] ?? [])
    .slice(-1);
  const said = last ?? output.split("\n").find((line) => line.trim() !== "") ?? "";
  const lines = said.replaceAll('\\"', '"').split(/\\n|\n/);
  return lines
    .filter((line) => !/ \[\w+\.(?:go|s) \d+\]$/.test(line))
    .join(" ")
    .replaceAll(/\s+/g, " ")
    .trim()
    .replace(/^"(.*?)\s*"$/, "$1");
}

/** What `netctl version` says: `Client Version:` and `Server Version:`, each with a line `Version: …`. */
export function parseVersions(output: string): { client: string; server: string } {
  const parts = sections(output, ["Client Version:", "Server Version:"]);
  const version = (text: string) => /^Version:\s*(\S+)/m.exec(text)?.[1] ?? "unknown";
  return { client: version(parts["Client Version:"]), server: version(parts["Server Version:"]) };
}
