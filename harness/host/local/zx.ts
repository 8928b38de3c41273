import { $ as zx } from "zx/core";
import { quote } from "#harness/host/shell.ts";

/**
 * zx's `$` for programs: `` $`${argv}` `` starts the program with these arguments, past every shell, and resolves to how
 * it ended, whatever that was. The shell that zx starts becomes the program: its process id, its exit, and the signal
 * that ends it, are the program's. 127 is the exit code of one that does not exist.
 */
export const $ = zx({
  shell: "/bin/sh",
  quote,
  prefix: "exec ",
  postfix: "",
  nothrow: true,
  quiet: true,
  verbose: false,
});

const nothing = Object.assign([], { push: () => 0 });

/** For `$` where its caller reads the program's streams: zx keeps nothing of the output. */
export const unkept = { stdout: nothing, stderr: nothing, stdall: nothing };

/** The environment of this process with variables on top; those that are `undefined` are taken out. */
export function environmentWith(env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries({ ...zx.env, ...env }).filter(([, value]) => value !== undefined));
}
