import { describe, expect, test } from "vitest";
import { HarnessError, Nonconformance, NotGone } from "#harness/core/errors.ts";
import { expectEach, expectFailure, expectInTurn, expectRefusal } from "./refusal.ts";

const broken = (who: string) => new Nonconformance({ who, expected: "an answer", got: "none" });
const kept = (who: string) => new NotGone({ who, expected: "nothing", got: "an endpoint" });

/** What it ends with where each case throws what stands there, or nothing. */
function ends(cases: readonly (Error | undefined)[], options?: { forMs: number }) {
  const seen: number[] = [];
  const done = expectInTurn(
    cases.map((error, index) => ({ error, index })),
    async ({ error, index }) => {
      seen.push(index);
      if (error) throw error;
    },
    options,
  );
  return done.then(
    () => ({ seen, error: undefined }),
    (error: unknown) => ({ seen, error }),
  );
}

describe("cases in turn", () => {
  test("are all looked at, whichever fail, and all that failed are told", async () => {
    const { seen, error } = await ends([broken("one"), undefined, broken("three")]);
    expect(seen).toEqual([0, 1, 2]);
    expect(error).toMatchObject({
      name: "Nonconformance",
      message:
        "2 of 3 cases: expected each to hold, got one: expected an answer, got none\nthree: expected an answer, got none",
    });
    expect(await ends([undefined, undefined])).toEqual({ seen: [0, 1], error: undefined });
    const one = broken("one");
    expect((await ends([undefined, one])).error).toBe(one);
  });

  test("of which nothing went that was to go end with that alone", async () => {
    expect((await ends([kept("one"), kept("two")])).error).toBeInstanceOf(NotGone);
    expect((await ends([kept("one"), broken("two")])).error).not.toBeInstanceOf(NotGone);
  });

  test("end at once where the harness broke, and go on where something had failed before", async () => {
    const lost = new HarnessError("lost");
    expect(await ends([lost, broken("two")])).toEqual({ seen: [0], error: lost });
    const one = broken("one");
    expect(await ends([one, lost, undefined])).toEqual({ seen: [0, 1, 2], error: one });
  });

  test("are not begun when time is up and one has failed", async () => {
    const one = broken("one");
    expect(await ends([one, undefined], { forMs: -1 })).toEqual({ seen: [0], error: one });
    expect((await ends([undefined, undefined], { forMs: -1 })).seen).toEqual([0, 1]);
  });
});

test("cases at the same time end with what they have in common", async () => {
  const look = async (error: Error) => {
    throw error;
  };
  await expect(expectEach([kept("one"), kept("two")], look)).rejects.toBeInstanceOf(NotGone);
  await expect(expectEach([kept("one"), broken("two")], look)).rejects.toThrow(/^2 of 2 cases: /);
});

test("cases at the same time are all looked at; one that fails is told as it is, and a broken harness first", async () => {
  const [one, lost] = [broken("one"), new HarnessError("lost")];
  const seen: unknown[] = [];
  const ended = (...cases: (Error | undefined)[]) =>
    expectEach(cases, async (error) => {
      seen.push(error);
      if (error) throw error;
    });
  await expect(ended(undefined, undefined)).resolves.toBeUndefined();
  expect(seen).toEqual([undefined, undefined]);
  await expect(ended(one, undefined)).rejects.toBe(one);
  await expect(ended(one, lost, undefined)).rejects.toBe(lost);
  expect(seen).toHaveLength(7);
});

/** The failure with exactly this message. */
const brokenBy = (message: string) => expect.objectContaining({ name: "Nonconformance", message });

describe("a command that must fail", () => {
  const refused = (got: string) =>
    Promise.reject(new Nonconformance({ who: "node1: docker run", expected: "success", got }));

  test.each([
    ["HTTP 500: the port is taken", "the port is taken"],
    ["HTTP 404: no such\n  network", "no such network"],
    ["exit 1", "exit 1"],
    ["HTTP 500: Error:\n\n the port is taken\n", "Error: the port is taken "],
  ])("and ends with %j has said %j", async (got, said) => {
    expect(await expectFailure("docker run", refused(got))).toBe(said);
  });

  test("and was refused for another reason than success is told whole", async () => {
    expect(await expectFailure("docker run", Promise.reject(broken("one")))).toBe(
      "one: expected an answer, got none",
    );
  });

  test("and succeeds is a finding, and so is one that the harness could not run", async () => {
    await expect(expectFailure("docker run", Promise.resolve("done"))).rejects.toThrow(
      brokenBy("docker run: expected an error, got success"),
    );
    await expect(expectFailure("docker run", Promise.reject(new HarnessError("lost")))).rejects.toThrow(
      brokenBy("docker run: expected an error, got HarnessError: lost"),
    );
    await expect(expectRefusal("docker run", Promise.resolve())).rejects.toBeInstanceOf(Nonconformance);
  });

  test("says what failed, in more than a word, with the values that it is about", async () => {
    const busy = () => refused("HTTP 500: port 80 is taken");
    expect(await expectRefusal("docker run", busy())).toBe("port 80 is taken");
    expect(await expectRefusal("docker run", busy(), ["80", "port"])).toBe("port 80 is taken");
    await expect(expectRefusal("docker run", busy(), ["80", "443"])).rejects.toThrow(
      brokenBy("docker run: expected an error that names 443, got port 80 is taken"),
    );
    for (const wordless of ["failed", "failed "]) {
      await expect(expectRefusal("docker run", refused(wordless))).rejects.toThrow(
        brokenBy(`docker run: expected an error that says what failed, got ${wordless}`),
      );
    }
  });
});
