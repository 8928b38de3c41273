import type { RuntimeRuleId } from "#suites/requirements/rules/cni-runtime.ts";
import type { Edit } from "./mutate.ts";

/** The project's own CNI runtime with a mistake in it. */
export interface RuntimeMutant {
  /** What it does wrong. */
  readonly name: string;
  /** The rule that must turn red, and no other. */
  readonly breaks: RuntimeRuleId;
  readonly edits: readonly Edit[];
}

const runtime = (find: string, put: string): Edit => ({ file: "runtime/runtime.ts", find, put });
const cache = (find: string, put: string): Edit => ({ file: "runtime/cache.ts", find, put });
const locks = (find: string, put: string): Edit => ({ file: "runtime/locks.ts", find, put });
const request = (find: string, put: string): Edit => ({ file: "protocol/request.ts", find, put });
const version = (find: string, put: string): Edit => ({ file: "protocol/version.ts", find, put });

const mutant = (name: string, breaks: RuntimeRuleId, ...edits: Edit[]): RuntimeMutant => ({
  name,
  breaks,
  edits,
});

const callsDel = `succeeded(await this.#call("DEL", { network, plugin, version, attachment, prevResult }));`;
const loopOfAdd = "for (const plugin of network.plugins) {\n          const step";
const addCall = `result = this.#resultOf(await this.#call("ADD", step), version);\n        }`;
const throwsCleanedUp = "throw await this.#cleanUp(error, network, version, attachment);";
const declared = "capabilities[capability] === true";
const containerVariable = "CNI_CONTAINERID: attachment.containerId,";
const namespaceVariable = "CNI_NETNS: attachment.netns,";
const nameVariable = "CNI_IFNAME: attachment.ifName,";
const pathVariable = `CNI_PATH: path.join(":"),`;
const argsVariable = "...(args.length > 0 && {";
const ownKeys = `!key.startsWith("cni.dev/")`;
const networkName = "name: network.name,\n    ...(Object.keys";

/** Real mistakes in the source of the runtime, at least one for each rule. */
export const runtimeMutants: readonly RuntimeMutant[] = [
  mutant(
    "calls plugins before there is a namespace",
    "R1a",
    request(namespaceVariable, `CNI_NETNS: \`\${attachment.netns}-later\`,`),
  ),
  mutant(
    "runs plugins in the container's namespace",
    "R1b",
    runtime(
      "...(prefix && { prefix }),",
      `prefix: attachment ? ["nsenter", \`--net=\${attachment.netns}\`] : (prefix ?? []),`,
    ),
  ),
  mutant(
    "adds backwards",
    "R2a",
    runtime(loopOfAdd, loopOfAdd.replace("network.plugins", "network.plugins.toReversed()")),
  ),
  mutant(
    "leaves the last plugin out of ADD",
    "R2a",
    runtime(loopOfAdd, loopOfAdd.replace("network.plugins", "network.plugins.slice(0, -1)")),
  ),
  mutant(
    "deletes forwards",
    "R2b",
    runtime(
      `for (const plugin of network.plugins.toReversed()) {\n      succeeded`,
      "for (const plugin of network.plugins) {\n      succeeded",
    ),
  ),
  mutant(
    "checks backwards",
    "R2c",
    runtime(
      "for (const plugin of network.plugins) {\n        succeeded(\n",
      "for (const plugin of network.plugins.toReversed()) {\n        succeeded(\n",
    ),
  ),
  mutant(
    "takes a failed DEL for the last word",
    "R2d",
    runtime(
      "const prevResult = await this.#prevResultOf(network, version, attachment);\n    for",
      "const prevResult = await this.#prevResultOf(network, version, attachment);\n    if (!(await this.#cache.load(network.name, attachment))) return;\n    await this.#cache.remove(network.name, attachment);\n    for",
    ),
  ),
  mutant(
    "begins with an empty prevResult",
    "R3a",
    runtime(
      "attachment, prevResult: result };",
      "attachment, prevResult: result ?? { cniVersion: version } };",
    ),
  ),
  mutant(
    "hands no result on",
    "R3b",
    runtime("attachment, prevResult: result };", "attachment, prevResult: undefined };"),
  ),
  mutant(
    "gives the result to the first DEL alone",
    "R3c",
    runtime(
      callsDel,
      callsDel.replace(
        "prevResult }",
        "prevResult: plugin === network.plugins.at(-1) ? prevResult : undefined }",
      ),
    ),
  ),
  mutant(
    "checks without the result",
    "R3d",
    runtime("prevResult: cached.result }", "prevResult: undefined }"),
  ),
  mutant(
    "keeps results in memory alone",
    "R3e",
    cache("if (known) return known;", "if (known || this.#folder) return known;"),
  ),
  mutant(
    "forgets the result before it deletes",
    "R3f",
    runtime(
      "const prevResult = await this.#prevResultOf(network, version, attachment);\n    for",
      "const prevResult = await this.#prevResultOf(network, version, attachment);\n    await this.#cache.remove(network.name, attachment);\n    for",
    ),
  ),
  mutant(
    "never forgets a result",
    "R3g",
    runtime("    await this.#cache.remove(network.name, attachment);\n", ""),
  ),
  mutant(
    "goes on after a failed ADD",
    "R4a",
    runtime(
      "let result: AddResult | undefined;",
      "let result: AddResult | undefined;\n      let failed: Invocation | undefined;",
    ),
    runtime(
      addCall,
      `const answer = await this.#call("ADD", step);
          if (answer.code === 0) result = this.#resultOf(answer, version);
          else failed = answer;
        }
        if (failed) succeeded(failed);`,
    ),
  ),
  mutant(
    "takes a failed ADD for a success",
    "R4b",
    runtime(
      throwsCleanedUp,
      "await this.#cleanUp(error, network, version, attachment);\n        return { cniVersion: version };",
    ),
  ),
  mutant("leaves a failed ADD as it is", "R4c", runtime(throwsCleanedUp, "throw error;")),
  mutant(
    "cleans up one plugin after a failed ADD",
    "R4d",
    runtime(
      "for (const plugin of network.plugins.toReversed()) {\n      const deleting",
      "for (const plugin of network.plugins.toReversed().slice(0, 1)) {\n      const deleting",
    ),
  ),
  mutant(
    "goes on after a failed DEL",
    "R4e",
    runtime(
      "for (const plugin of network.plugins.toReversed()) {\n      succeeded",
      "let failed: Invocation | undefined;\n    for (const plugin of network.plugins.toReversed()) {\n      succeeded",
    ),
    runtime(
      callsDel,
      `const answer = await this.#call("DEL", { network, plugin, version, attachment, prevResult });
      if (answer.code !== 0) failed = answer;
    }
    if (failed) succeeded(failed);
    {`,
    ),
  ),
  mutant(
    "takes a failed DEL for a success",
    "R4f",
    runtime(
      callsDel,
      `if ((await this.#call("DEL", { network, plugin, version, attachment, prevResult })).code !== 0) return;`,
    ),
  ),
  mutant(
    "takes a failed CHECK for a success",
    "R4g",
    runtime(
      '        succeeded(\n          await this.#call("CHECK"',
      '        String(\n          await this.#call("CHECK"',
    ),
  ),
  mutant(
    "lets operations on one container run at once",
    "R5a",
    locks("[this.#garbage, this.#containers.get(containerId)]", "[this.#garbage]"),
  ),
  mutant(
    "does one thing at a time",
    "R5b",
    locks("[this.#garbage, this.#containers.get(containerId)]", "[this.#garbage, ...this.#running]"),
  ),
  mutant(
    "collects beside what runs",
    "R5c",
    locks("Promise.all([this.#garbage, ...this.#running]).then(work)", "this.#garbage.then(work)"),
  ),
  mutant(
    "does not wait for a collection",
    "R5c",
    locks("[this.#garbage, this.#containers.get(containerId)]", "[this.#containers.get(containerId)]"),
  ),
  mutant(
    "says no interface name at ADD",
    "R6a",
    request(nameVariable, `...(command !== "ADD" && { CNI_IFNAME: attachment.ifName }),`),
  ),
  mutant(
    "says container ids with a slash",
    "R6b",
    request(containerVariable, `CNI_CONTAINERID: \`\${attachment.containerId}/\${attachment.ifName}\`,`),
    request("containerID: containerId,", `containerID: containerId + "/" + ifName,`),
  ),
  mutant("says no CNI_PATH", "R6c", request(pathVariable, `CNI_PATH: "",`)),
  mutant("says eth0 to all", "R6d", request(nameVariable, `CNI_IFNAME: "eth0",`)),
  mutant(
    "says interface names that are too long",
    "R6d",
    request(nameVariable, `CNI_IFNAME: attachment.ifName + "-of-the-container",`),
    request("ifname: ifName }", `ifname: ifName + "-of-the-container" }`),
  ),
  mutant("parts arguments by commas", "R6e", request(`args.join(";")`, `args.join(",")`)),
  mutant(
    "says no arguments at DEL",
    "R6f",
    request(argsVariable, `...(args.length > 0 && command !== "DEL" && {`),
  ),
  mutant(
    "says no arguments at CHECK",
    "R6g",
    request(argsVariable, `...(args.length > 0 && command !== "CHECK" && {`),
  ),
  mutant(
    "says a container at GC",
    "R6h",
    request(pathVariable, `${pathVariable}\n    ...(command === "GC" && { CNI_CONTAINERID: "all" }),`),
  ),
  mutant("gives the list to every plugin", "R7a", request(networkName, `plugins: [], ${networkName}`)),
  mutant("takes the lowest version", "R7b", version("specVersions.findLast(", "specVersions.find(")),
  mutant("leaves the name out", "R7c", request(networkName, networkName.replace("name: network.name,", ""))),
  mutant("drops keys that it does not know", "R7d", request(ownKeys, `!key.includes(".")`)),
  mutant("passes capabilities on", "R7e", request(networkName, `capabilities, ${networkName}`)),
  mutant(
    "passes no capability argument on",
    "R7f",
    request(declared, `${declared} && input.version === undefined`),
  ),
  mutant("passes capability arguments to all", "R7g", request(declared, "capability !== undefined")),
  mutant("passes reserved keys on", "R7h", request(ownKeys, `key !== ""`)),
  mutant("checks all the same", "R8a", runtime("if (network.disableCheck) return;", "")),
  mutant("collects all the same", "R8b", runtime("if (network.disableGC) return;", "")),
  mutant(
    "checks what was not added",
    "R8c",
    runtime("if (!cached) {", "if (!cached && network.disableCheck) {"),
    runtime("prevResult: cached.result }", "prevResult: cached?.result }"),
  ),
  mutant(
    "checks below 0.4.0",
    "R8d",
    runtime(`if (!atLeast(version, "0.4.0")) {`, `if (!atLeast(version, "0.3.1")) {`),
  ),
  mutant("asks for STATUS below 1.1.0", "R8d", runtime(`if (!atLeast(version, "1.1.0")) return;`, "")),
  mutant("lists nothing as valid", "R9a", runtime("validAttachments: valid }", "validAttachments: [] }")),
  mutant("leaves to GC what is to be deleted", "R9b", runtime("if (listed) continue;", "continue;")),
  mutant(
    "collects until the first error",
    "R9c",
    runtime(
      "if (invocation.code !== 0) failures.push(failureOf(invocation));",
      "if (invocation.code !== 0) {\n            failures.push(failureOf(invocation));\n            break;\n          }",
    ),
  ),
  mutant(
    "takes a failed STATUS for a success",
    "R9d",
    runtime(`succeeded(await this.#call("STATUS"`, `String(await this.#call("STATUS"`),
  ),
  mutant(
    "collects with one plugin alone",
    "R9e",
    runtime(
      "for (const plugin of network.plugins) {\n          const invocation",
      "for (const plugin of network.plugins.slice(0, 1)) {\n          const invocation",
    ),
  ),
];
