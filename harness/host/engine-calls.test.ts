import { expect, test } from "vitest";
import { recordCommands } from "#harness/host/transcript.ts";
import { recordingAnswer } from "./engine-calls.ts";

/** What a transcript has of a call with that answer. */
async function recorded(request: object, error: Error | null, data?: unknown) {
  const { entries, done } = recordCommands("M4", async () => {
    let told: unknown[] = [];
    const answer = recordingAnswer("node1", request, (...given) => {
      told = given;
    });
    return { answer, told: () => told };
  });
  const { answer, told } = await done;
  // Answers come from elsewhere.
  answer(error, data);
  expect(told()).toEqual([error, data]);
  return entries;
}

test("a call of an engine is a command of the one that made it, with its body and the answer", async () => {
  const request = { method: "POST", path: "/networks/create?", options: { Name: "n1" } };
  expect(await recorded(request, null, { Id: "abc" })).toEqual([
    expect.objectContaining({
      host: "node1",
      requirement: "M4",
      argv: ["engine-api", "POST", "/networks/create", '{"Name":"n1"}'],
      code: 0,
      stdout: '{"Id":"abc"}',
    }),
  ]);
});

test("a call that was refused says with what", async () => {
  const request = { method: "DELETE", path: "/networks/n1", options: {} };
  const [entry] = await recorded(request, new Error("(HTTP code 409) active endpoints"));
  expect(entry).toMatchObject({ code: 1, stderr: "(HTTP code 409) active endpoints" });
  expect(entry?.argv).toEqual(["engine-api", "DELETE", "/networks/n1"]);
});

test("of two values the body is the one that is sent, and a stream is not read", async () => {
  const options = { _query: { name: "c1" }, _body: { Image: "i" } };
  const [entry] = await recorded({ method: "POST", path: "/containers/create?", options }, null, {
    pipe: () => {},
  });
  expect(entry?.argv.at(-1)).toBe('{"Image":"i"}');
  expect(entry?.stdout).toBe("");
});

test("what only asks is not recorded", async () => {
  expect(await recorded({ method: "GET", path: "/containers/c1/json" }, null, {})).toEqual([]);
});
