import { expect, test } from "vitest";
import { allCommands } from "#harness/cli/all-commands.ts";
import { complete } from "./complete.ts";

/** The words that can follow a command line; the last of it is being typed. */
async function wordsAfter(line: string): Promise<string[]> {
  const { candidates, files } = await complete(allCommands, line.split(" "));
  return [...candidates.map(({ value }) => value), ...(files ? [":files"] : [])];
}

test("every sub-command, and every one of its options, is completed", async () => {
  const names = await wordsAfter("");
  for (const [name, { load, alias }] of Object.entries(allCommands)) {
    expect(names).toEqual(expect.arrayContaining([name, ...(alias ? [alias] : [])]));
    const { command } = await load();
    const options = command.createHelp().visibleOptions(command);
    const expected = options.flatMap(({ short, long }) => [long, short].filter(Boolean));
    expect(await wordsAfter(`${name} -`), name).toEqual(expected);
    const nested = command.commands.map((one) => one.name());
    expect(await wordsAfter(`${name} `), name).toEqual(expect.arrayContaining(nested));
  }
});

test.each<[string, string[]]>([
  ["mat", ["matrix"]],
  ["help mat", ["matrix"]],
  ["help matrix ", []],
  ["nosuch ", []],
  ["run mul", ["multihost"]],
  ["run multihost bas", ["basics"]],
  ["run -t M4", ["M4"]],
  ["run basics -t M4", ["M4"]],
  ["run -t M4,M5,M1", ["M1", "M10", "M11", "M12", "M13", "M14", "M16"].map((id) => `M4,M5,${id}`)],
  ["run --requirement=B1,B2", ["--requirement=B1,B2"]],
  ["run -t M4 mul", ["multihost"]],
  ["run -- -", []],
  ["init --kind ", ["cnm", "cni"]],
  ["init --name ", []],
  ["init --binary ", [":files"]],
  ["images load ", [":files"]],
  ["tutorial ", [":files"]],
  ["matrix mer", ["merge"]],
  ["matrix merge ", [":files"]],
  ["matrix --firewall nft l", ["legacy", "lifecycle"]],
  ["matrix --between 20", ["20.10"]],
  ["prove --only vxlan-dropped masquerade-r", ["masquerade-rule-deleted"]],
  ["completion ", ["bash", "zsh"]],
  ["cluster pre", ["preflight"]],
  ["cluster ssh node1 ", []],
  ["reference serve --vx", ["--vxlan-port"]],
  ["reference serve --dataplane ", ["ovs", "links"]],
  ["reference tenant ", ["create", "ls", "rm"]],
  ["reference net create --sub", ["--subnet", "--subnetv6"]],
])("%s", async (line, expected) => {
  expect((await wordsAfter(line)).sort()).toEqual([...expected].sort());
});
