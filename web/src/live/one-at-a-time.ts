/**
 * Reads something again whenever it has changed, but never while that very thing is being read: what changes meanwhile is read once more afterwards. So a slow line that is told of a change each second still
 * gets its answer.
 */
export function oneAtATime(read: (key: string) => Promise<unknown>): (key: string) => void {
  const again = new Map<string, boolean>();
  const run = async (key: string) => {
    do {
      again.set(key, false);
      // What goes wrong is told by whoever shows it.
      await read(key).catch(() => undefined);
    } while (again.get(key) === true);
    again.delete(key);
  };
  return key => {
    if (again.has(key)) again.set(key, true);
    else void run(key);
  };
}
