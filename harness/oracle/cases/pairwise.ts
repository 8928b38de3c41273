/** Names of dimensions and what each of them can be. */
export type Dimensions = Readonly<Record<string, readonly unknown[]>>;

/** One value of each dimension. */
export type Choice<D extends Dimensions> = { readonly [Name in keyof D]: D[Name][number] };

/**
 * Choices that have every two values of two dimensions together at least once, many pairs in the first of them. Those of one `random`
 * (0 to below 1) are the same each time.
 */
export function pairwise<const D extends Dimensions>(dimensions: D, random: () => number): Choice<D>[] {
  const names = Object.keys(dimensions);
  const missing = new Set(names.flatMap((one, index) => pairsWith(dimensions, one, names.slice(index + 1))));
  const choices: Choice<D>[] = [];
  while (missing.size > 0) {
    const candidates = Array.from({ length: 12 }, () => grow(dimensions, names, missing, random));
    const best = candidates.reduce((one, other) =>
      covered(other, names, missing).length > covered(one, names, missing).length ? other : one,
    );
    for (const pair of covered(best, names, missing)) missing.delete(pair);
    choices.push(Object.fromEntries(best.entries().map(valueIn(dimensions))) as Choice<D>);
  }
  return choices;
}

/** Index of the value of each dimension that was chosen so far. */
type Row = Map<string, number>;

function pairsWith(dimensions: Dimensions, one: string, others: readonly string[]): string[] {
  return others.flatMap((other) =>
    indicesOf(dimensions, one).flatMap((mine) =>
      indicesOf(dimensions, other).map((theirs) => keyOf(one, mine, other, theirs)),
    ),
  );
}

/** A row that has a pair which is missing, and of which each further value adds as many of those as it can. */
function grow(
  dimensions: Dimensions,
  names: readonly string[],
  missing: ReadonlySet<string>,
  random: () => number,
): Row {
  const [one = "", mine, other = "", theirs] = JSON.parse(pick([...missing], random)) as [
    string,
    number,
    string,
    number,
  ];
  const row: Row = new Map([
    [one, mine],
    [other, theirs],
  ]);
  for (const name of names.filter((dimension) => !row.has(dimension))) {
    const gains = indicesOf(dimensions, name).map((index) => ({
      index,
      gain: [...row].filter(([known, value]) => missing.has(orderedKey(names, known, value, name, index)))
        .length,
    }));
    const most = Math.max(...gains.map(({ gain }) => gain));
    row.set(
      name,
      pick(
        gains.filter(({ gain }) => gain === most),
        random,
      ).index,
    );
  }
  return row;
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
