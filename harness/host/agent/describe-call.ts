/** How a call of the agent reads in the transcript: `nsenter --net=… probe connect address=10.1.1.2 …`. */
export function describeCall(netns: string | undefined, op: string, params: object): string[] {
  const values = Object.entries(params).filter(([, value]) => value !== undefined);
  const words = values.map(([key, value]) => `${key}=${Array.isArray(value) ? describeList(value) : value}`);
  return [...(netns ? ["nsenter", `--net=${netns}`] : []), "probe", op, ...words];
}

function describeList(list: readonly (number | string)[]): string {
  const [first] = list;
  if (typeof first !== "number") return list.join(",");
  const isRange = list.length > 1 && list.every((port, index) => port === first + index);
  return isRange ? `${first}-${list.at(-1)}` : list.join(",");
}
