import { describe, expect, test } from "vitest";
import { isRequirementId, requirementOf } from "#suites/requirements/catalogue.ts";
import { reasons } from "./sentence.ts";
import { cniSentences, cnmSentences, sentencesIn } from "./sources.ts";
import { cniTexts, textNames, texts } from "./texts.ts";

const all = [...cniSentences, ...cnmSentences];

describe("every sentence", () => {
  test("is shown by requirements that there are, or has a reason, or says what is missing", () => {
    expect(all.flatMap(({ ids }) => ids).filter((id) => !isRequirementId(id))).toEqual([]);
    const alone = all.filter(({ ids, reason, gap }) => ids.length === 0 && !reason && !gap);
    expect(alone).toEqual([]);
    expect(all.filter(({ reason }) => reason !== undefined && !Object.hasOwn(reasons, reason))).toEqual([]);
  });

  test("is pinned once, by a sha256", () => {
    expect(all.filter(({ hash }) => !/^[0-9a-f]{64}$/.test(hash))).toEqual([]);
    expect(new Set(all.map(({ hash }) => hash)).size).toBe(all.length);
  });

  test("is said in a few words of ours", () => {
    expect(all.filter(({ says }) => says.length < 8 || says.length > 130).map(({ says }) => says)).toEqual(
      [],
    );
  });

  test("is shown by rules of its own protocol", () => {
    const stray = (prefix: string) => (id: string) => !id.startsWith(prefix);
    expect(cniSentences.flatMap(({ ids }) => ids).filter(stray("CNI-"))).toEqual([]);
    expect(cnmSentences.flatMap(({ ids }) => ids).filter(stray("CNM-"))).toEqual([]);
  });

  test("that obliges a plugin of the newest release has a rule of that release", () => {
    const released = sentencesIn("cni-1.1.0").filter(({ ids }) => ids.length > 0);
    const outdated = released.filter(({ ids }) =>
      ids.every((id) => requirementOf(id).appliesTo.until !== undefined),
    );
    expect(outdated).toEqual([]);
  });
});

test.each(textNames)("%s has as many sentences as were read in it", (name) => {
  expect(sentencesIn(name)).toHaveLength(texts[name].sentences);
});

test("texts of the CNI specification are named from one version to another", () => {
  expect(cniTexts("1.0.0", "main")).toEqual(["cni-1.0.0", "cni-1.1.0", "cni-main"]);
  expect(cniTexts("0.3.1")).toEqual(["cni-0.3.1"]);
});
