/** Code whose mutants are tried, and what that code decides. */
export interface Area {
  readonly name: string;
  /** What it decides, for people. */
  readonly decides: string;
  /** Globs of its files, relative to the project; tests are left out. */
  readonly files: readonly string[];
  /** Share of its mutants that tests must kill, from 0 to 1; none where the figure is told only. */
  readonly floor?: number;
}

/** The share that tests must kill on the way to a verdict. */
const verdictFloor = 0.85;

/** The way to a verdict, from a packet or an answer to the statement, and the reference plugin. */
export const areas: readonly Area[] = [
  {
    name: "observe",
    decides: "what was seen: packets, translations, reachability, logs",
    files: ["harness/observe/{data-wire,logs,nat}.ts", "harness/observe/{probe,capture}/**/*.ts"],
    floor: verdictFloor,
  },
  {
    name: "conformance",
    decides: "what a test's end means: passed, failed, error, whose doing",
    files: [
      "harness/conformance/{expect,outcome,pair,protocol,refusal}.ts",
      "harness/conformance/suite/aftermath/*.ts",
    ],
    floor: verdictFloor,
  },
  {
    name: "cnm",
    decides: "whether messages of CNM keep its rules",
    files: ["harness/cnm/{rules,protocol}/*.ts"],
    floor: verdictFloor,
  },
  {
    name: "cni",
    decides: "whether answers of CNI plugins keep its rules",
    files: ["harness/cni/{rules,protocol}/*.ts"],
    floor: verdictFloor,
  },
  {
    name: "statement",
    decides: "what a run's outcomes are together, and whether a statement is whole",
    files: ["reports/conformance/{outcome/*,statement}.ts", "reports/verify/**/*.ts"],
    floor: verdictFloor,
  },
  {
    name: "reference",
    decides: "what the reference plugin answers and plans; its packets are the chapters' to judge",
    files: ["drivers/reference/{model,protocol}/**/*.ts", "drivers/reference/dataplane/plan/*.ts"],
  },
];
