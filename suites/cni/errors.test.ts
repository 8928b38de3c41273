import { crashOf } from "#harness/cni/protocol/crash.ts";
import { describeError, type Invocation, reportedError } from "#harness/cni/protocol/invocation.ts";
import type { CniError } from "#harness/cni/protocol/result.ts";
import { addWithoutNamespace, wrongCalls } from "#harness/cni/testbed/calls/wrong-calls.ts";
import type { CallChanges } from "#harness/cni/testbed/container.ts";
import { expectInTurn } from "#harness/conformance/refusal.ts";
import type { PluginKind } from "#suites/requirements/applicability/applies-to.ts";
import { attach, expectError, expectFailure, expectSuccess, violation } from "./expect.ts";
import { cniSuite } from "./fixture.ts";

/** Error codes below 100 that the specification defines. */
const definedCodes = [1, 2, 3, 4, 5, 6, 7, 11, 50, 51];
const answers = "answers to an incomplete call";
const refusals = "wrong calls that are refused";
const errorObjects = "JSON errors";
const attachmentVariables = ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"];

await cniSuite("errors", ({ requirement, plugin }) => {
  requirement(
    "CNI-1",
    "ADD that did its work exits 0",
    async ({ testbed }) => {
      await attach(testbed);
    },
    {
      together: true,
      judgesFailed: (invocation) => {
        expectSuccess(invocation, "ADD to succeed");
        throw violation(invocation, "a result", "none that can be read");
      },
    },
  );

  for (const wrong of wrongCalls.filter(({ applies }) => applies(plugin))) {
    requirement(
      "CNI-1",
      `${wrong.what} is not answered with exit 0`,
      async ({ testbed }) => {
        const invocation = await wrong.make(testbed);
        expectFailure(invocation, wrong.why);
      },
      { detached: true, together: true },
    );
    requirement(
      "CNI-2a",
      `${wrong.what} is reported as a JSON error on stdout`,
      async ({ testbed, saw }) => {
        const invocation = await wrong.make(testbed);
        if (invocation.code === 0) return;
        saw(refusals);
        const { msg } = expectError(invocation, wrong.why);
        if (msg.trim() === "") throw violation(invocation, "an error with a message", "an empty msg");
      },
      { detached: true, together: true, sees: [refusals] },
    );
  }

  requirement("CNI-1", "a configuration of a megabyte is either done or refused", async ({ testbed }) => {
    const ballast = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, key) => [`unknown-${key}`, "x".repeat(90)]),
    );
    const container = await testbed.container();
    const invocation = await testbed.call("ADD", container, { config: { "com.example": ballast } });
    if (invocation.code !== 0) expectFailure(invocation, "it was not done");
    else if (!container.result) throw violation(invocation, "a result", "none that can be read");
  });

  requirement(
    "CNI-2b",
    "the error of an incomplete call has the cniVersion of the configuration",
    async ({ testbed, saw }) => {
      const { kind } = plugin.profile;
      let invocation = await testbed.call("ADD", await testbed.container(), incomplete(kind));
      // To some nothing is missing, but a container that is not there is to all that make interfaces.
      if (invocation.code === 0 && kind === "interface") invocation = await addWithoutNamespace(testbed);
      // A crash is told as what it is, a success that is none too, and how an error is told is another rule.
      if (crashOf(invocation) !== undefined || invocation.code === 0) return;
      expectFailure(invocation, "the call is incomplete");
      const error = errorIn(invocation);
      if (!error) return;
      saw(answers);
      if (error.cniVersion === plugin.version) return;
      throw violation(invocation, `cniVersion ${plugin.version} in the error`, error.cniVersion ?? "none");
    },
    {
      detached: true,
      together: true,
      when: ({ kind, standsAlone }) => kind !== "chained" || standsAlone !== true,
      sees: [answers],
    },
  );

  requirement(
    "CNI-3a",
    "a cniVersion that does not exist is refused as incompatible",
    async ({ testbed, saw }) => {
      const invocation = await testbed.call("ADD", await testbed.container(), { version: "9.9.9" });
      const code = codeOf(invocation, "no plugin speaks CNI 9.9.9", saw);
      if (code === undefined) return;
      if (code !== 1 && code < 100) throw violation(invocation, "code 1, or 100 and more", `code ${code}`);
    },
    { detached: true, together: true, sees: [errorObjects] },
  );

  for (const [what, stdin] of [
    ["text that is no JSON", "{ this is no JSON"],
    ["a JSON array", "[1, 2, 3]"],
    ["no configuration at all", ""],
  ] as const) {
    requirement(
      "CNI-3b",
      `${what} is refused as undecodable`,
      async ({ testbed, saw }) => {
        const invocation = await testbed.call("ADD", await testbed.container(), { stdin });
        const code = codeOf(invocation, "the configuration cannot be decoded", saw);
        if (code === undefined) return;
        const empty = stdin === "" && code === 5;
        if (code !== 6 && code < 100 && !empty)
          throw violation(invocation, "code 6, or 100 and more", `code ${code}`);
      },
      { detached: true, together: true, sees: [errorObjects] },
    );
  }

  for (const variable of attachmentVariables) {
    requirement(
      "CNI-3c",
      `error 4 for a missing ${variable} names it`,
      async ({ testbed, saw }) => {
        const invocation = await testbed.call("ADD", await testbed.container(), {
          env: { [variable]: undefined },
        });
        expectFailure(invocation, `${variable} is missing`);
        const error = errorIn(invocation);
        if (!error) return;
        saw(errorObjects);
        if (error.code !== 4 || describeError(error).includes(variable)) return;
        throw violation(invocation, `an error that names ${variable}`, describeError(error));
      },
      { detached: true, together: true, sees: [errorObjects] },
    );
  }

  requirement(
    "CNI-3d",
    "no wrong call is answered with a reserved code that means nothing",
    async ({ testbed, saw }) => {
      const applicable = wrongCalls.filter(({ applies }) => applies(plugin));
      await expectInTurn(applicable, async (wrong) => {
        const invocation = await wrong.make(testbed);
        const error = errorIn(invocation);
        if (!error) return;
        saw(errorObjects);
        const { code } = error;
        if (code >= 100 || definedCodes.includes(code)) return;
        throw violation(invocation, `one of ${definedCodes.join(", ")}, or 100 and more`, `code ${code}`);
      });
    },
    { detached: true, together: true, sees: [errorObjects] },
  );

  requirement(
    "CNI-18a",
    "all missing variables are named in one error 4",
    async ({ testbed, saw }) => {
      const env = Object.fromEntries(attachmentVariables.map((name) => [name, undefined]));
      const invocation = await testbed.call("ADD", await testbed.container(), { env });
      expectFailure(invocation, "the environment is missing");
      const error = errorIn(invocation);
      if (!error) return;
      saw(errorObjects);
      const text = describeError(error);
      const unnamed = attachmentVariables.filter((name) => !text.includes(name));
      if (error.code !== 4) throw violation(invocation, "code 4", `code ${error.code}`);
      if (unnamed.length > 0) throw violation(invocation, `an error that names ${unnamed.join(", ")}`, text);
    },
    { detached: true, together: true, sees: [errorObjects] },
  );

  for (const id of ["-starts-with-a-hyphen", "has a space", "has/slash", `semicolon;`]) {
    requirement(
      "CNI-18b",
      `the container id ${JSON.stringify(id)} is refused`,
      async ({ testbed, saw }) => {
        const invocation = await testbed.call("ADD", await testbed.container(), {
          env: { CNI_CONTAINERID: id },
        });
        const code = codeOf(invocation, `${JSON.stringify(id)} is no container id`, saw);
        if (code === undefined) return;
        if (code !== 3 && code !== 4) throw violation(invocation, "code 3 or 4", `code ${code}`);
      },
      { detached: true, together: true, sees: [errorObjects] },
    );
  }

  requirement(
    "CNI-18c",
    "CHECK is refused with code 1",
    async ({ testbed, saw }) => {
      const { container, result } = await attach(testbed);
      const invocation = await testbed.call("CHECK", container, { prevResult: result });
      const code = codeOf(invocation, `there is no CHECK in CNI ${plugin.version}`, saw);
      if (code === undefined) return;
      if (code !== 1) throw violation(invocation, "code 1", `code ${code}`);
    },
    { sees: [errorObjects] },
  );

  for (const command of ["GC", "STATUS"] as const) {
    requirement(
      "CNI-18d",
      `${command} is refused with code 1`,
      async ({ testbed, saw }) => {
        const invocation = await testbed.call(command);
        const code = codeOf(invocation, `there is no ${command} in CNI ${plugin.version}`, saw);
        if (code === undefined) return;
        if (code !== 1) throw violation(invocation, "code 1", `code ${code}`);
      },
      {
        detached: true,
        together: true,
        when: () => plugin.claims.includes("1.1.0"),
        sees: [errorObjects],
      },
    );
  }

  for (const name of ["", ".", "..", "has/slash", "has:colon", "has space", "sixteen-letters-"]) {
    requirement(
      "CNI-19",
      `the interface name ${JSON.stringify(name)} is refused`,
      async ({ testbed }) => {
        const invocation = await testbed.call("ADD", await testbed.container(), {
          env: { CNI_IFNAME: name },
        });
        expectFailure(invocation, `${JSON.stringify(name)} is no interface name`);
      },
      { detached: true, together: true },
    );
  }
});

/** What a call was refused with, where it was and says so in JSON. */
function errorIn(invocation: Invocation): CniError | undefined {
  const reported = invocation.code === 0 ? undefined : reportedError(invocation);
  return reported && "error" in reported ? reported.error : undefined;
}

/**
 * The code of an error, which is `saw` as one in JSON. `undefined` where the call was refused with anything else: how an error
 * is told is another rule.
 */
function codeOf(invocation: Invocation, why: string, saw: (what: string) => void): number | undefined {
  expectFailure(invocation, why);
  const error = errorIn(invocation);
  if (error) saw(errorObjects);
  return error?.code;
}

/** Enough to be decoded, too little to work with. */
function incomplete(kind: PluginKind): CallChanges {
  if (kind === "interface") return { config: { ipam: { type: "nc-no-such-plugin" } } };
  return kind === "chained" ? { prevResult: null } : { config: { ipam: {} } };
}
