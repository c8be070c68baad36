/** The fields of a form by their names in the API, as texts. */
export type Values = Readonly<Record<string, string>>;

/** What of `mine` differs from `base`: only this is sent, so that nothing else is written over. */
export function changes<V extends Readonly<Record<string, unknown>>>(base: V, mine: V): Partial<V> {
  return Object.fromEntries(Object.entries(mine).filter(([name, value]) => base[name] !== value)) as Partial<V>;
}

/** My changes on top of what is there now. */
export function rebased<V extends Values>(base: V, mine: V, theirs: V): V {
  return { ...theirs, ...changes(base, mine) };
}

/** The names of the fields that both have changed, to different values. */
export function clashes<V extends Values>(base: V, mine: V, theirs: V): string[] {
  return Object.keys(changes(base, theirs)).filter(name => mine[name] !== base[name] && mine[name] !== theirs[name]);
}
