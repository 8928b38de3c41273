import {
  broken,
  type Comparator,
  type Context,
  harmless,
  type OutputFinding,
} from "#harness/tools/tutorial/compare/comparison.ts";
import { ipv4, objectId } from "#harness/tools/tutorial/compare/patterns.ts";

interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string>>[];
}

const keys = ["NAMES", "NAME", "Network", "Group", "Policy", "Rule", "Name", "HOSTNAME", "ID"];
const columnsOfMoment = /^(CREATED|STATUS|PORTS|COMMAND|CURRENT STATE|ERROR|.*\bID)$/;

/** Reads a table whose columns are set apart by two blanks or more, with a head of at least one column. */
function readTable(lines: readonly string[]): Table | undefined {
  const [head = "", ...rest] = lines;
  const starts = [...head.matchAll(/\S+(?: \S+)*/g)];
  if (starts.length === 0 || !/^[A-Z]/.test(head)) return undefined;
  const columns = starts.map(([title]) => title);
  const rows = rest
    .filter((line) => !/^[-/\s]+$/.test(line))
    .map((line) =>
      cellsOf(
        line,
        starts.map(({ index }) => index),
      ),
    )
    .map((cells) => Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ""])));
  return { columns, rows };
}

/** Cells by their places below the head. A cell that begins a little beside its place, as after an edit by hand, belongs to it too. */
function cellsOf(line: string, places: readonly number[]): string[] {
  const cells = places.map(() => "");
  for (const word of line.matchAll(/\S+(?: \S+)*/g)) {
    const distances = places.map((place) => Math.abs(place - word.index));
    const nearest = distances.indexOf(Math.min(...distances));
    cells[nearest] = cells[nearest] ? `${cells[nearest]} ${word[0]}` : word[0];
  }
  return cells;
}

/** Tables of the same columns have the rows that the text's commands have made; what depends on the moment is not compared. */
export const compareTable: Comparator = (expected, { printed }, context) => {
  const sections = split(expected);
  if (sections.length === 0) return undefined;
  const seen = split(printed.split("\n").filter((line) => line.trim() !== "")).map((table) =>
    translated(table, context),
  );
  return sections.flatMap((section, index) => compareOne(section, seen[index], context));
};

function translated({ columns, rows }: Table, { translate }: Context): Table {
  const cells = (row: Table["rows"][number]) =>
    Object.fromEntries(Object.entries(row).map(([column, cell]) => [column, translate(cell)]));
  return { columns, rows: rows.map(cells) };
}

/** A listing may hold several tables, each below a title that ends with a colon. */
function split(lines: readonly string[]): Table[] {
  const groups: string[][] = [[]];
  for (const line of lines) {
    if (/^[A-Z][\w ]*:\s*$/.test(line)) groups.push([]);
    else groups.at(-1)?.push(line);
  }
  return groups
    .filter((group) => group.length > 0 && isHead(group))
    .flatMap((group) => readTable(group) ?? []);
}

/** A head is in capitals as Docker prints it, or has a dashed rule below it as netctl does. */
function isHead([head = "", rule = ""]: readonly string[]): boolean {
  return /^[A-Z][A-Z ]+( {2,}[A-Z][A-Z ]+)*$/.test(head.trim()) || /^[-/]+(\s+-+)*\s*$/.test(rule);
}

function compareOne(shown: Table, seen: Table | undefined, context: Context): OutputFinding[] {
  if (!seen) return [broken(`expected a table with the columns ${shown.columns.join(", ")}, got none`)];
  const findings: OutputFinding[] = [];
  const missing = shown.columns.filter((column) => !seen.columns.includes(column));
  if (missing.length > 0) {
    const severity = context.replaced ? harmless : broken;
    findings.push(severity(`expected the column ${missing.join(", ")}, got ${seen.columns.join(", ")}`));
  }
  const further = seen.columns.filter((column) => !shown.columns.includes(column));
  if (further.length > 0) findings.push(harmless(`further columns here: ${further.join(", ")}`));
  const key = keys.find((one) => shown.columns.includes(one)) ?? shown.columns[0] ?? "";
  const keyHere = keys.find((one) => seen.columns.includes(one)) ?? seen.columns[0] ?? "";
  for (const row of shown.rows) {
    const name = bare(row[key] ?? "", context);
    if (name === "" || context.foreign(name)) continue;
    const here = seen.rows.find((other) => bare(other[keyHere] ?? "", context) === name);
    findings.push(...(here ? compareRows(name, row, here, context) : absent(name, context)));
  }
  return findings;
}

/** Names without the node that classic Swarm puts before them, and the slot that swarm mode puts behind. */
function bare(name: string, { nodes }: Context): string {
  const [first = "", ...rest] = name.split("/");
  return (nodes.has(first) && rest.length > 0 ? rest.join("/") : name).replace(/\.\d+$/, "");
}

function absent(name: string, { made, replaced }: Context): OutputFinding[] {
  const known = made.get(name);
  if (!known) {
    const always = ["bridge", "host", "none", "default"].includes(name);
    return [
      always
        ? broken(`expected a row ${name}, got none`)
        : harmless(`the text shows ${name}, which nothing before makes`),
    ];
  }
  if (!known.succeeded)
    return [harmless(`no row ${name}: what makes it, line ${known.line}, was not run or broke`)];
  if (replaced && !known.replaced)
    return [harmless(`no row ${name} in the listing that the mapping asks for`)];
  return [broken(`expected a row ${name}, got none`)];
}

function compareRows(
  name: string,
  shown: Table["rows"][number],
  here: Table["rows"][number],
  context: Context,
): OutputFinding[] {
  return Object.entries(shown).flatMap(([column, expected]): OutputFinding[] => {
    const observed = here[column];
    if (
      observed === undefined ||
      columnsOfMoment.test(column) ||
      keys.includes(column) ||
      expected === observed
    )
      return [];
    if (objectId.test(expected) && objectId.test(observed)) return [];
    const text = `${name}, ${column}: expected "${expected}", got "${observed}"`;
    if (context.equivalent(expected, observed)) return [harmless(text)];
    if (ipv4.test(expected) && ipv4.test(observed) && !context.given(expected)) return [];
    return [context.replaced || expected === "" ? harmless(text) : broken(text)];
  });
}
