/** Names of dimensions and what each of them can be. */
export type Dimensions = Readonly<Record<string, readonly unknown[]>>;

/** One value of each dimension. */
export type Choice<D extends Dimensions> = { readonly [Name in keyof D]: D[Name][number] };

/** Whether values cannot stand together, told by those that were chosen so far. */
export type Apart<D extends Dimensions> = (some: Partial<Choice<D>>) => boolean;

/**
 * Choices that have every two values of two dimensions together at least once, many pairs in the first of them; where there is one
 * dimension only, each of its values. Those of one `random` (0 to below 1) are the same each time. A pair that can stand in no choice
 * because its values, or those that it would need, are `apart`, is in none.
 */
export function pairwise<const D extends Dimensions>(
  dimensions: D,
  random: () => number,
  apart?: Apart<D>,
): Choice<D>[] {
  const names = Object.keys(dimensions);
  const [only] = names;
  if (names.length === 1 && only !== undefined) {
    return (dimensions[only] ?? []).map((value) => ({ [only]: value }) as Choice<D>);
  }
  const choose = (row: Row) => Object.fromEntries(row.entries().map(valueIn(dimensions))) as Choice<D>;
  const allowed = apart ? (row: Row) => !apart(choose(row)) : undefined;
  const missing = new Set(names.flatMap((one, index) => pairsWith(dimensions, one, names.slice(index + 1))));
  const choices: Choice<D>[] = [];
  while (missing.size > 0) {
    const candidates: Row[] = [];
    for (let time = 0; time < candidatesEach && missing.size > 0; time += 1) {
      const pair = pick([...missing], random);
      const row = grow(dimensions, names, missing, pair, allowed, random);
      if (row) candidates.push(row);
      else missing.delete(pair);
    }
    const [first, ...others] = candidates;
    if (first === undefined) continue;
    const gain = (row: Row) => covered(row, names, missing).length;
    const best = others.reduce((one, other) => (gain(other) > gain(one) ? other : one), first);
    for (const key of covered(best, names, missing)) missing.delete(key);
    choices.push(choose(best));
  }
  return choices;
}

/** Rows that are tried for each choice; the one with the most missing pairs becomes it. */
const candidatesEach = 12;

/** Index of the value of each dimension that was chosen so far. */
type Row = Map<string, number>;

function pairsWith(dimensions: Dimensions, one: string, others: readonly string[]): string[] {
  return others.flatMap((other) =>
    indicesOf(dimensions, one).flatMap((mine) =>
      indicesOf(dimensions, other).map((theirs) => keyOf(one, mine, other, theirs)),
    ),
  );
}

/** A row that has the pair, which is missing; `undefined` where no value of some dimension is allowed beside it. */
function grow(
  dimensions: Dimensions,
  names: readonly string[],
  missing: ReadonlySet<string>,
  pair: string,
  allowed: ((row: Row) => boolean) | undefined,
  random: () => number,
): Row | undefined {
  const [one, mine, other, theirs] = JSON.parse(pair) as [string, number, string, number];
  const start: Row = new Map([
    [one, mine],
    [other, theirs],
  ]);
  /** Each further value adds as many missing pairs as it can; another takes its place where it lets no row be completed. */
  const complete = (row: Row, [name, ...others]: readonly string[]): Row | undefined => {
    if (allowed && !allowed(row)) return undefined;
    if (name === undefined) return row;
    const gains = indicesOf(dimensions, name).map((index) => ({
      index,
      gain: [...row].filter(([known, value]) => missing.has(orderedKey(names, known, value, name, index)))
        .length,
    }));
    const possible = allowed ? gains.filter(({ index }) => allowed(new Map(row).set(name, index))) : gains;
    if (possible.length === 0) return undefined;
    const most = Math.max(...possible.map(({ gain }) => gain));
    const first = pick(
      possible.filter(({ gain }) => gain === most),
      random,
    );
    for (const { index } of [first, ...possible.filter((value) => value !== first)]) {
      const completed = complete(new Map(row).set(name, index), others);
      if (completed) return completed;
    }
    return undefined;
  };
  return complete(
    start,
    names.filter((dimension) => !start.has(dimension)),
  );
}

function covered(row: Row, names: readonly string[], missing: ReadonlySet<string>): string[] {
  return names.flatMap((one, index) =>
    names
      .slice(index + 1)
      .map((other) => keyOf(one, row.get(one)!, other, row.get(other)!))
      .filter((key) => missing.has(key)),
  );
}

function orderedKey(
  names: readonly string[],
  one: string,
  mine: number,
  other: string,
  theirs: number,
): string {
  return names.indexOf(one) < names.indexOf(other)
    ? keyOf(one, mine, other, theirs)
    : keyOf(other, theirs, one, mine);
}

function keyOf(one: string, mine: number, other: string, theirs: number): string {
  return JSON.stringify([one, mine, other, theirs]);
}

function indicesOf(dimensions: Dimensions, name: string): number[] {
  return (dimensions[name] ?? []).map((_, index) => index);
}

function valueIn(dimensions: Dimensions) {
  return ([name, index]: [string, number]): [string, unknown] => [name, dimensions[name]?.[index]];
}

/** One of these, of which there is at least one. */
export function pick<T>(among: readonly T[], random: () => number): T {
  return among[Math.floor(random() * among.length)] as T;
}
