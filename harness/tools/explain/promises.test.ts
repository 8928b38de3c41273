import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { promiseOf } from "#suites/requirements/applicability/docker-promise.ts";
import { requirementIds, requirementOf } from "#suites/requirements/catalogue.ts";
import { type Named, SuiteModule } from "./module.ts";

const modules = globSync("suites/!(requirements)/**/*.ts", { cwd: projectRoot }).map(
  (file) => new SuiteModule(file, readFileSync(join(projectRoot, file), "utf8")),
);
const tests = modules.flatMap(({ citations, text }) =>
  citations.map(({ id, title, call }) => ({ id, title, body: text.slice(call.start, call.end) })),
);
const named = ({ id, title }: { id: string; title: string }) => `${id} ${title}`;

test("the tests that judge by Docker's promise are those of which the catalogue says since when", () => {
  const judging = tests.filter(({ body }) => body.includes("judgeAsPromised(")).map(named);
  const promised = tests.filter(({ id, title }) => promiseOf(requirementOf(id), title)).map(named);
  expect(judging).not.toEqual([]);
  expect(promised.toSorted()).toEqual(judging.toSorted());
});

test("the tests that leave IPv6 out on older engines are those of which the catalogue says so", () => {
  const read = (file: string) => modules.find((module) => module.file === file);
  const namesSince = (start: Named): boolean => {
    const found = new Set([start.node]);
    const open = [start];
    for (const { module, node } of open) {
      if (module.text.slice(node.start, node.end).includes("ipv6FilteredSince")) return true;
      const named = module.namedIn(node, read).filter((one) => !found.has(one.node));
      for (const one of named) found.add(one.node);
      open.push(...named);
    }
    return false;
  };
  const leaving = modules.flatMap((module) =>
    module.citations.filter(({ call }) => namesSince({ module, node: call })).map(({ id }) => id),
  );
  const saying = requirementIds.filter((id) => requirementOf(id).promised?.some(({ over }) => over));
  expect(saying).toContain("X5a");
  expect([...new Set(leaving)].toSorted()).toEqual(saying.toSorted());
});

test("every promise of the catalogue is one that a test shows", () => {
  const shown = tests.map(({ id, title }) => promiseOf(requirementOf(id), title));
  const promises = requirementIds.flatMap((id) => requirementOf(id).promised ?? []);
  expect(promises.filter((one) => one.over === undefined && !shown.includes(one))).toEqual([]);
});

test("the catalogue, and no test, says that a requirement is not for drivers over CNI", () => {
  const saying = modules.filter(({ text }) =>
    /includes\("cni"\)\)\s*\{?\s*throw new Unsupported|refuseCni/.test(text),
  );
  expect(saying.map(({ file }) => file)).toEqual([]);
});
