import { ConfigurationError } from "#harness/cni/protocol/errors.ts";
import type { Host } from "#harness/host/host.ts";

/** ELF `e_machine` values of the machines that `uname -m` names. */
const machines: Record<string, number> = {
  x86_64: 62,
  aarch64: 183,
  armv7l: 40,
  i686: 3,
  ppc64le: 21,
  riscv64: 243,
  s390x: 22,
};

const lookScript = `
type=$1; shift
for folder; do
  path=$folder/$type
  [ -e "$path" ] || continue
  [ -f "$path" ] || { echo "folder $path"; exit; }
  [ -x "$path" ] || { echo "mode $path"; exit; }
  echo "found $path"
  uname -m
  od -An -v -tu1 -N20 "$path" | tr -d '\\n'
  exit
done
echo missing`;

/**
 * Finds the executable of a plugin in the CNI path of a host and looks whether the host can run it.
 * Throws `ConfigurationError` when it is missing, no file, not executable, or built for another machine.
 */
export async function findPlugin(host: Host, path: readonly string[], type: string): Promise<string> {
  const output = await host.run(["sh", "-c", lookScript, "find-plugin", type, ...path]);
  const [answer = "", machine = "", header = ""] = output.trimEnd().split("\n");
  const [verdict = "", ...rest] = answer.split(" ");
  const file = rest.join(" ");
  if (verdict === "found") {
    refuseForeign(host, file, machine, header.trim().split(/\s+/).map(Number));
    return file;
  }
  if (verdict === "missing") {
    throw new ConfigurationError(`plugin ${type}: not found in ${path.join(":")} on ${host.name}`, {
      hint: "install it there, or name its folder in CNI_PATH",
    });
  }
  const what = verdict === "mode" ? "is not executable" : "is no regular file";
  throw new ConfigurationError(`plugin ${type}: ${file} on ${host.name} ${what}`, {
    hint: verdict === "mode" ? `chmod +x ${file}` : "name the plugin's binary",
  });
}

function refuseForeign(host: Host, file: string, machine: string, header: readonly number[]): void {
  const isElf = header[0] === 0x7f && header[1] === 0x45 && header[2] === 0x4c && header[3] === 0x46;
  const isScript = header[0] === 0x23 && header[1] === 0x21;
  if (isScript) return;
  const [low = 0, high = 0] = header[5] === 2 ? [header[19], header[18]] : [header[18], header[19]];
  const built = isElf ? low + high * 256 : undefined;
  const wanted = machines[machine];
  if (built !== undefined && (wanted === undefined || built === wanted)) return;
  const name = Object.entries(machines).find(([, id]) => id === built)?.[0];
  throw new ConfigurationError(
    built === undefined
      ? `plugin ${file} on ${host.name}: neither an ELF executable nor a script`
      : `plugin ${file} on ${host.name}: built for ${name ?? `ELF machine ${built}`}, this host is ${machine}`,
    { hint: `give a build for ${machine}` },
  );
}
