import { ipVersion } from "./container.ts";
import { gateway } from "./profiles.ts";
import type { Testbed } from "./testbed.ts";

/** One call that the plugin under test made of its delegate. */
export interface DelegateCall {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
}

const script = `#!/bin/sh
home=\${0%/*}
call=$home/calls/$(ls "$home/calls" | wc -l)
mkdir "$call"
cat >"$call/stdin"
env >"$call/env"
echo 'DELEGATE_WORDS' >&2
if [ -e "$home/refuse-$CNI_COMMAND" ]; then
  echo '{"cniVersion":"CNI_VERSION","code":111,"msg":"the delegate refuses"}'
  exit 1
fi
case $CNI_COMMAND in
ADD) cat "$home/result" ;;
VERSION) echo '{"cniVersion":"CNI_VERSION","supportedVersions":["0.3.1","0.4.0","1.0.0","1.1.0"]}' ;;
esac
`;

function filledIn(version: string): string {
  return script.replaceAll("CNI_VERSION", version).replaceAll("DELEGATE_WORDS", Delegate.words);
}

interface DelegateResult {
  readonly cniVersion: string;
  readonly ips: readonly { readonly address: string; readonly gateway: string }[];
  readonly routes: readonly { readonly dst: string }[];
  readonly dns: { readonly nameservers: readonly string[] };
}

/** An IPAM plugin of the suite that writes down how it is called, and refuses what it is told to refuse. */
export class Delegate {
  static readonly type = "nc-delegate";
  /** What it writes to stderr in every call. */
  static readonly words = "words of the delegate";
  readonly folder: string;
  /** What it answers to ADD. */
  readonly result: DelegateResult;
  readonly #testbed: Testbed;

  private constructor(testbed: Testbed, folder: string, result: DelegateResult) {
    this.#testbed = testbed;
    this.folder = folder;
    this.result = result;
  }

  static async install(testbed: Testbed): Promise<Delegate> {
    const { version } = testbed.plugin;
    const folder = `${testbed.folder}/delegate`;
    const result: DelegateResult = {
      cniVersion: version,
      ips: [{ ...ipVersion(version), address: "10.88.0.200/24", gateway }],
      routes: [{ dst: "0.0.0.0/0" }],
      dns: { nameservers: ["10.88.0.54"] },
    };
    const path = `${folder}/${Delegate.type}`;
    // In the testbed's shell, so that the steps that repeat a failure have it.
    const lines = [
      `mkdir -p ${folder}/calls`,
      `cat >${path} <<'END'\n${filledIn(version)}END`,
      `chmod +x ${path}`,
      `echo '${JSON.stringify(result)}' >${folder}/result`,
    ];
    await testbed.shell(lines.join("\n"));
    return new Delegate(testbed, folder, result);
  }

  /** What to change in a call so that it uses this delegate. */
  get use(): { config: { ipam: { type: string } }; path: string[] } {
    return { config: { ipam: { type: Delegate.type } }, path: [this.folder] };
  }

  async refuse(command: string): Promise<void> {
    await this.#testbed.shell(`touch ${this.folder}/refuse-${command}`);
  }

  async accept(command: string): Promise<void> {
    await this.#testbed.shell(`rm ${this.folder}/refuse-${command}`);
  }

  /** In the order in which they were made. */
  async calls(): Promise<DelegateCall[]> {
    const { host } = this.#testbed.plugin;
    const list = await host.run(["ls", `${this.folder}/calls`]);
    const names = list.split("\n").filter(Boolean).map(Number);
    return Promise.all(
      names
        .sort((one, other) => one - other)
        .map(async (name) => {
          const text = await host.files.readText(`${this.folder}/calls/${name}/env`);
          const env = Object.fromEntries(
            text
              .split("\n")
              .filter((line) => line.includes("="))
              .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
          );
          const stdin = await host.files.readText(`${this.folder}/calls/${name}/stdin`);
          return { command: env.CNI_COMMAND ?? "(none)", env, stdin };
        }),
    );
  }

  /** The commands of the calls, in the same order. */
  async commands(): Promise<string[]> {
    const { folder } = this;
    const look = `ls ${folder}/calls | sort -n | while read -r call; do sed -n s/^CNI_COMMAND=//p ${folder}/calls/$call/env; done`;
    return (await this.#testbed.shell(look)).split("\n").filter(Boolean);
  }
}
