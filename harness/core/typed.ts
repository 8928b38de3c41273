import { isCheckout } from "./project-root.ts";

/**
 * A command line as a user types it where this runs: `typed("cluster down nc-1")` is `npm run cluster -- down nc-1` in a checkout, and
 * `npx netconform cluster down nc-1` in the package, where there are no npm scripts. `silent`: npm itself says nothing, for what is read by
 * a shell.
 */
export function typed(line: string, { silent = false }: { silent?: boolean } = {}): string {
  const [name = "", ...args] = line.split(" ");
  if (!isCheckout) return `npx netconform ${line}`;
  const script = name === "test" ? "npm test" : `npm run ${silent ? "-s " : ""}${name}`;
  return [script, ...(args.length > 0 ? ["--", ...args] : [])].join(" ");
}

/** What a command's arguments follow as a user types it: `npm run cluster --` or `npx netconform cluster`. */
export function typedName(name: string): string {
  return isCheckout ? `${typed(name)} --` : typed(name);
}
