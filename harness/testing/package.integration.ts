import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { outsideOfStep } from "#harness/core/settings/github-step.ts";
import { $, environmentWith } from "#harness/host/local/zx.ts";
import { runAction } from "#harness/testing/support/action.ts";
import { buildPackage } from "#harness/tools/package/build.ts";
import { ShellSession } from "./support/shell-session.ts";

/** A project of somebody's, with nothing of this one but the tarball. */
const folder = mkdtempSync(join(tmpdir(), "netconform-package-"));
const user = join(folder, "project");
afterAll(() => rmSync(folder, { recursive: true }));

/** What a run of this project's tests has set. */
const foreign = {
  DRIVER: undefined,
  REPORTS: undefined,
  FAULT: undefined,
  MEND: undefined,
  VITEST: undefined,
  NODE_ENV: undefined,
  ...outsideOfStep,
};

/** Runs a program as the user would: in the project, with this Node.js, without the settings of this run. */
async function run(argv: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = user) {
  const path = `${dirname(process.execPath)}:${environmentWith().PATH}`;
  const ended = await $({
    cwd,
    env: environmentWith({ ...foreign, NO_COLOR: "1", PATH: path, ...env }),
  })`${argv}`;
  return { code: ended.exitCode, said: ended.stdall };
}

const netconform = ["npx", "--no-install", "netconform"];
const { version } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as {
  version: string;
};
const tarball = join(folder, `netconform-${version}.tgz`);
/** The package's program, where the user has it. */
const program = join(user, "node_modules/netconform/harness/cli/bin.mjs");

beforeAll(async () => {
  const built = join(folder, "dist");
  await buildPackage(built);
  const packed = await run(["npm", "pack", "--pack-destination", folder], {}, built);
  expect(packed.code, packed.said).toBe(0);
  mkdirSync(user);
  writeFileSync(join(user, "package.json"), '{ "name": "my-plugin", "version": "1.0.0", "private": true }\n');
  const installed = await run(["npm", "install", "--no-audit", "--no-fund", "--save-dev", tarball]);
  expect(installed.code, installed.said).toBe(0);
}, 300_000);

test("the same sources are the same tarball, byte for byte, and publishing it warns of nothing", async () => {
  const again = join(folder, "again");
  await buildPackage(join(again, "dist"));
  const packed = await run(["npm", "pack", "--pack-destination", again], {}, join(again, "dist"));
  expect(packed.code, packed.said).toBe(0);
  const [first, second] = [folder, again].map((place) => readFileSync(join(place, basename(tarball))));
  expect(second?.equals(first ?? Buffer.of())).toBe(true);
  // Nothing listens there, now or a minute later: a rehearsal needs no registry. Who publishes is no matter of the package.
  const publish = [
    "npm",
    "publish",
    "--dry-run",
    "--registry=http://127.0.0.1:9/",
    "--//127.0.0.1:9/:_authToken=none",
    "--fetch-retries=0",
  ];
  const published = await run(publish, {}, join(again, "dist"));
  expect(published.said).not.toMatch(/\b(warn|error)\b(?! *\/)/i);
  expect(published.said).toContain(`+ netconform@${version}`);
  expect(published.code).toBe(0);
}, 120_000);

/** The commands of the documents' first block that a user types once the package is installed. */
const [, block = ""] =
  /^```\n(.*?)^```/ms.exec(readFileSync(join(projectRoot, "docs/your-repository.md"), "utf8")) ?? [];
const documented = block.split("\n").filter((line) => line.startsWith("npx "));

test("the documents' commands prepare the project, run a chapter, and run it in the user's own vitest", async () => {
  expect(documented).toHaveLength(3);
  for (const line of documented) {
    const { code, said } = await run(["npx", "--no-install", ...line.split(" ").slice(1)]);
    if (!line.includes(" init ")) expect(said, line).toMatch(/^[1-9]\d* passed, 0 failed, 0 error/m);
    expect(code, said).toBe(0);
  }
  expect(readFileSync(join(user, "reports/output/conformance.json"), "utf8")).toContain(
    '"name": "netconform"',
  );
}, 300_000);

test("npx netconform completes in a shell, as the package's own script has it", async () => {
  await using session = await ShellSession.start("bash", {
    cwd: user,
    env: { PATH: `${dirname(process.execPath)}:${environmentWith().PATH}` },
    lines: ["source <(npx --no-install netconform completion bash)"],
  });
  expect(await session.complete("npx netconform run mul")).toBe("npx netconform run multihost ");
  expect(await session.complete("npx netconform run -t M10")).toBe("npx netconform run -t M10 ");
  expect(await session.complete("npx netconform bui")).toBe("npx netconform bui");
}, 60_000);

test("init leaves alone what is there", async () => {
  const first = await run([...netconform, "init", "--kind", "cnm", "--name", "bridge"]);
  expect(first.said).toContain("kept  vitest.config.mts, which was there");
  expect(first.code).toBe(0);
  const again = await run([...netconform, "init", "--kind", "cnm", "--name", "other"]);
  expect(again.said).toContain("kept  netconform.driver.mts, which was there");
  expect(readFileSync(join(user, "netconform.driver.mts"), "utf8")).toContain('driver: "bridge"');
});

test.each([
  ["no terminal to ask on", ["init"], /expected --kind and --name/],
  ["no such chapter", ["run", "nosuch"], /nosuch: no such suite; expected one of .*suites\/multihost/],
  ["an unknown command", ["conforn"], /conform/],
])("%s is one message, and exit code 2", async (_, args, message) => {
  const { code, said } = await run([...netconform, ...args]);
  expect(said).toMatch(message);
  expect(code).toBe(2);
});

test("a Node.js that is too old is one message, before anything is loaded", async () => {
  const old = `Object.defineProperty(process.versions, "node", { value: "20.1.0" }); await import(${JSON.stringify(program)});`;
  const { code, said } = await run([process.execPath, "--input-type=module", "-e", old]);
  expect(said).toContain("netconform: Node.js 20.1.0 is too old: expected 24 or later\n  next: ");
  expect(code).toBe(2);
});

test("a folder without package.json is told so", async () => {
  const empty = mkdtempSync(join(folder, "empty-"));
  const { code, said } = await run(
    [process.execPath, program, "init", "--kind", "cni", "--name", "x"],
    {},
    empty,
  );
  expect(said).toContain("has no package.json\n  next: run npm init -y there first");
  expect(code).toBe(2);
});

test("a read-only folder is one message, for init and for a run", async () => {
  const readOnly = 'mount --bind "$PWD" "$PWD" && mount -o remount,ro,bind "$PWD" && cd "$PWD" && exec "$@"';
  const inside = (...args: string[]) =>
    run(["unshare", "--mount", "sh", "-c", readOnly, "sh", process.execPath, program, ...args]);
  const init = await inside("init", "--kind", "cnm", "--name", "x");
  expect(init.said).toBe(`${user} cannot be written to\n  next: run it in a folder of your own\n`);
  expect(init.code).toBe(2);
  const started = await inside("run", "basics", "-t", "B1");
  expect(started.said).toMatch(
    /^REPORTS=\S*\/reports\/output: \S+ cannot be written to\n {2}next: name a folder that can be written to: REPORTS=FOLDER$/m,
  );
  expect(started.said).not.toMatch(/^\s+at |Allure/m);
  expect(started.code).toBe(2);
});

test("two versions of netconform in one tree are one message, before anything starts", async () => {
  const inner = join(user, "inner");
  const other = join(inner, "node_modules/netconform");
  mkdirSync(other, { recursive: true });
  writeFileSync(join(other, "package.json"), '{ "name": "netconform", "version": "0.0.1" }');
  copyFileSync(join(user, "netconform.driver.mts"), join(inner, "driver.mts"));
  const { code, said } = await run([...netconform, "run", "basics"], { DRIVER: "./inner/driver.mts" });
  const own = join(user, "node_modules/netconform");
  expect(said).toContain(
    `two versions of netconform in one tree: ${version} runs, from ${own}; ${inner}/driver.mts imports 0.0.1, from ${other}\n  next: `,
  );
  expect(said).not.toMatch(/^\s+at /m);
  expect(code).toBe(2);
});

test("a driver for another version of the driver API is one message, with the line that says so", async () => {
  const driver = readFileSync(join(user, "netconform.driver.mts"), "utf8");
  writeFileSync(join(user, "future.mts"), driver.replace("apiVersion: 1", "apiVersion: 2"));
  const { code, said } = await run([...netconform, "run", "basics"], { DRIVER: "./future.mts" });
  expect(said).toMatch(
    /\/future\.mts:5 was made for version 2 of the driver API: expected 1, which netconform/,
  );
  expect(code).toBe(2);
});

test("a command is called in help and messages as the user calls it", async () => {
  const { said } = await run([...netconform, "run", "--help"]);
  expect(said).toMatch(/^Usage: npx netconform conform \[options\] \[filter\.\.\.\]$/m);
  expect((await run([...netconform, "--help"])).said).not.toContain("npm run");
  const { code, said: told } = await run([...netconform, "cluster", "ssh", "node99"]);
  expect(told).toContain("node99: no such host; npx netconform cluster status lists them");
  expect(code).toBe(2);
});

test("a project of scripts, below a folder with spaces, whose packages are links, is prepared and runs", async () => {
  const place = join(folder, "a plugin's folder, ü");
  mkdirSync(place);
  symlinkSync(join(user, "node_modules"), join(place, "node_modules"));
  writeFileSync(join(place, "package.json"), '{ "type": "commonjs" }');
  const made = await run([...netconform, "init", "--kind", "cnm", "--name", "bridge"], {}, place);
  expect(made.code, made.said).toBe(0);
  const ran = await run(["npx", "--no-install", "vitest", "run", "basics", "-t", "B1"], {}, place);
  expect(ran.said).toMatch(/^[1-9]\d* passed, 0 failed, 0 error/m);
  expect(ran.code, ran.said).toBe(0);
}, 180_000);

test("requirements are chosen by id, and the environment wins over package.json", async () => {
  const { code, said } = await run([...netconform, "run", "basics", "-t", "B1"], { DRIVER: "overlay" });
  expect(said).toContain("overlay@26.1");
  expect(said).toMatch(/^[1-9]\d* passed, 0 failed, 0 error/m);
  expect(code).toBe(0);
}, 180_000);

test("a network configuration for CNI is prepared as well, and its plugin is judged", async () => {
  const other = mkdtempSync(join(folder, "cni-"));
  writeFileSync(join(other, "package.json"), "{}");
  const made = await run([process.execPath, program, "init", "--kind", "cni", "--name", "bridge"], {}, other);
  expect(made.code, made.said).toBe(0);
  const { code, said } = await run([process.execPath, program, "run", "basics", "-t", "B7"], {}, other);
  expect(said).toMatch(/^[1-9]\d* passed, 0 failed, 0 error/m);
  expect(code).toBe(0);
}, 180_000);

test("the action runs a chapter in a repository that has nothing but a driver, and tells GitHub of it", async () => {
  const repository = mkdtempSync(join(folder, "repository-"));
  mkdirSync(join(repository, "plugin"));
  const driver = 'export { default } from "../driver.mjs";\n';
  writeFileSync(join(repository, "plugin/netconform.driver.mjs"), driver);
  const made = `import { dockerDriver } from "netconform";
export default dockerDriver({
  ...{ name: "mine", title: "Mine", capabilities: ["names"], driver: "bridge" },
  async start() {
    throw new Error("build/plugin is missing");
  },
});
`;
  writeFileSync(join(repository, "driver.mjs"), made);
  const path = `${dirname(process.execPath)}:${environmentWith().PATH}`;
  const env = { ...foreign, NO_COLOR: "1", PATH: path, NODES: "1" };
  const inputs = { package: tarball, "working-directory": "plugin", driver: "./netconform.driver.mjs" };
  const { code, said, outputs, summary } = await runAction(
    repository,
    { ...inputs, chapters: "basics", requirements: "B1", engine: "26.1" },
    env,
  );
  expect(code, said).toBe(1);
  expect(said).toMatch(/^::error file=driver\.mjs,line=5,title=driver file on mine@26\.1 took B1::/m);
  expect(summary).toMatch(/^## ✘ netconform: 0 passed, 0 failed, 1 error\n/);
  expect(outputs).toBe(`reports=${join(repository, "plugin/reports/output")}\n`);
  const wrong = await runAction(repository, { ...inputs, package: "", command: "rum" }, env);
  expect(wrong.code).toBe(2);
  expect(wrong.said).toContain("::error title=netconform::command: expected run or matrix, got rum");
}, 300_000);

test("the matrix runs its cells in the user's project", async () => {
  const { code, said } = await run([...netconform, "matrix", "basics", "-t", "B1", "--firewall", "nft"], {
    DRIVER: "bridge",
    ENGINE: "26.1",
    NODES: "1",
    REPORTS: join(folder, "matrix"),
  });
  expect(said).toMatch(/^1 passed, 0 failed$/m);
  expect(code).toBe(0);
}, 180_000);

test("declarations check under strict rules, those of its dependencies included", async () => {
  writeFileSync(
    join(user, "uses.mts"),
    'import { defineDriver } from "netconform";\nimport { catalogue } from "netconform/requirements";\nimport { netconform } from "netconform/vitest";\nexport const used = [defineDriver, catalogue.M4, netconform];\n',
  );
  const compilerOptions = {
    ...{ strict: true, module: "NodeNext", target: "ESNext", lib: ["ESNext", "ESNext.Disposable"] },
    ...{ noEmit: true, skipLibCheck: false, types: ["node"] },
  };
  const files = ["uses.mts", "netconform.driver.mts", "vitest.config.mts"];
  writeFileSync(join(user, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  const { code, said } = await run([join(projectRoot, "node_modules/.bin/tsc"), "-p", "."]);
  expect(said).toBe("");
  expect(code).toBe(0);
}, 60_000);

test("holds no tests of this project, no fixtures, nothing that only its checkout needs", async () => {
  const { said } = await run(["find", ".", "-type", "f"], {}, join(user, "node_modules/netconform"));
  const files = said.split("\n").filter(Boolean);
  expect(
    files.filter(
      (path) => /fixtures|testing|\.bench\.|bootstrap|\.ts$/.test(path) && !path.endsWith(".d.ts"),
    ),
  ).toEqual([]);
  expect(files.filter((path) => path.endsWith(".test.js") && !path.startsWith("./suites/"))).toEqual([]);
  expect(files).toContain("./vagrant/provision.sh");
  const text = readFileSync(join(user, "node_modules/netconform/README.md"), "utf8");
  const documents = [...text.matchAll(/\]\((docs\/[^)#]+)/g)].map(([, path = ""]) => `./${path}`);
  expect(files).toEqual(expect.arrayContaining(documents));
  expect(documents.length).toBeGreaterThan(10);
});
