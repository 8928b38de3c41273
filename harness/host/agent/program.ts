import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { within } from "#harness/core/async/poll.ts";
import { ConnectionLost, DeadlineExceeded } from "#harness/core/errors.ts";
import { RpcClient } from "#harness/core/rpc/client.ts";
import type { MethodsOf } from "#harness/core/rpc/messages.ts";
import type { Host, RunningCommand } from "#harness/host/host.ts";
import { formatCommand } from "#harness/host/shell.ts";

/** Folder of the program for the hosts, all of it Python: what is sent to them, and its tests. */
export const pythonFolder = fileURLToPath(new URL("python", import.meta.url));
const packageName = "netconform_agent";
/** What the program is run by. */
export const interpreter = ["python3", "-I", "-S", "-u"];
/**
 * The host's own Python where it is there, new enough and whole: before it in a user's `PATH` may be the script of a version manager, which takes
 * ten times as long.
 */
const ownFirst = `
own=/usr/bin/python3
fit='import sys, ctypes, json, importlib.util as u; sys.exit(sys.version_info < (3, 9) or not u.find_spec("asyncio"))'
if [ -x $own ] && { [ "$(command -v python3)" = $own ] || $own -I -S -c "$fit" >/dev/null 2>&1; }; then exec $own "$@"; fi
exec python3 "$@"`;

/** Runs the program that follows on stdin. Reads no byte behind it: the rest of stdin is the program's. */
const bootstrap =
  "import io, sys; sys.version_info < (3, 9) and sys.exit('Python %s at %s: 3.9 or later is needed' % (sys.version.split()[0], sys.executable)); i = io.BufferedReader(io.FileIO(0, closefd=False), 1); exec(i.read(int(i.readline())))";

/**
 * Has Python import modules from their sources, which are in the program itself. Zip files (Python's `zipapp`) do the
 * same, but take a quarter longer to start; agents start hundreds of times in a run.
 */
const importer = `
import sys
from importlib.machinery import ModuleSpec

class Bundle:
    def find_spec(self, name, path=None, target=None):
        for file in (name.replace(".", "/") + ".py", name.replace(".", "/") + "/__init__.py"):
            if file in sources:
                return ModuleSpec(name, self, origin=file, is_package=file.endswith("/__init__.py"))

    def create_module(self, spec):
        pass

    def exec_module(self, module):
        file = module.__spec__.origin
        exec(compile(sources[file], file, "exec"), module.__dict__)

sys.meta_path.insert(0, Bundle())
from ${packageName}.main import main
`.trimStart();

/** What the program is started as. */
export interface ProgramOptions {
  /** How it reads in messages: "the probe agent on node1". */
  readonly peer: string;
  /** Makes the error with which calls fail once the program has ended or says something else than answers. */
  readonly lost: (message: string) => Error;
}

/** The program as it runs on a host. It ends with the connection to the host. */
export interface RunningProgram<M extends MethodsOf<M>> {
  readonly rpc: RpcClient<M>;
  readonly command: RunningCommand;
  /** Ends it by the end of its stdin, or kills it when it takes longer. */
  close(deadlineMs: number): Promise<void>;
}

/** Starts a command of the program that answers calls. Nothing is put onto the host. Needs `python3` there, at least 3.9. */
export async function startProgram<M extends MethodsOf<M>>(
  host: Host,
  name: "relay" | "watch",
  { peer, lost }: ProgramOptions,
): Promise<RunningProgram<M>> {
  const { argv, input } = programCall([name]);
  const command = await host.spawn(argv);
  const { stdin, stdout, stderr, exit } = command;
  let said = "";
  stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  const ended = exit.then(
    ({ code, signal }) =>
      lost(
        `${peer} ended with ${code ?? signal}\n  ${formatCommand(interpreter)} … ${name}\n  ${said.trim() || "(no output)"}`,
      ),
    (error: Error) => error,
  );
  const rpc = new RpcClient<M>(
    { readable: stdout, writable: stdin },
    { peer, ended, lost: (reason) => lost(`${peer}: ${reason}`) },
  );
  stdin.write(input);
  return {
    rpc,
    command,
    close: async (deadlineMs) => {
      stdin.end();
      try {
        await within({ what: `${peer} to end`, deadlineMs }, exit);
      } catch (error) {
        command.kill("KILL");
        if (!(error instanceof DeadlineExceeded || error instanceof ConnectionLost)) throw error;
      }
    },
  };
}

/**
 * A call of the program that puts nothing onto the host: what to run there, and what to write to its stdin before
 * anything that the command itself reads.
 */
export function programCall(given: readonly string[]): { argv: string[]; input: Buffer } {
  const program = Buffer.from(bundle([]));
  const input = Buffer.concat([Buffer.from(`${program.length}\n`), program]);
  const [python = "", ...options] = interpreter;
  return { argv: ["sh", "-c", ownFirst, python, ...options, "-c", bootstrap, ...given], input };
}

/**
 * The program as a file that Python runs, to be put onto hosts; it starts by itself where it is executable. Its
 * arguments are `given`, then those of the command line.
 */
export function programFile(given: readonly string[]): string {
  return `#!/usr/bin/python3 -IS\n${bundle(given)}`;
}

let sources: string | undefined;

/** The program as one text of Python. JSON of texts, lists and objects is Python, too. */
function bundle(given: readonly string[]): string {
  sources ??= JSON.stringify(readSources());
  return `sources = ${sources}\n${importer}main(${JSON.stringify(given)} + sys.argv[1:])\n`;
}

function readSources(): Record<string, string> {
  const names = readdirSync(`${pythonFolder}/${packageName}`, { recursive: true, encoding: "utf8" });
  const modules = names.filter((name) => name.endsWith(".py")).sort();
  return Object.fromEntries(
    modules.map((name) => [
      `${packageName}/${name}`,
      readFileSync(`${pythonFolder}/${packageName}/${name}`, "utf8"),
    ]),
  );
}
