import { setImmediate as turnEnds } from 'node:timers/promises';

interface Batch<Key, Value> {
  readonly keys: Set<Key>;
  readonly found: Promise<ReadonlyMap<Key, Value>>;
}

/**
 * Gathers what one request asks for in one turn of the event loop, a field of each row of a list say, into one call of `read`, and
 * answers each its own value. A batch takes nobody in once it is under way, and keeps nothing: what is asked for after a change is
 * read after it. Requests share no batch, so that none fails by another's.
 */
export function inBatches<Request extends object, Key, Value>(
  read: (request: Request, keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>,
): (request: Request, key: Key) => Promise<Value | undefined> {
  const open = new WeakMap<Request, Batch<Key, Value>>();
  const begin = (request: Request): Batch<Key, Value> => {
    const keys = new Set<Key>();
    const found = turnEnds().then(() => {
      open.delete(request);
      return read(request, [...keys]);
    });
    const batch = { keys, found };
    open.set(request, batch);
    return batch;
  };
  return async (request, key) => {
    const batch = open.get(request) ?? begin(request);
    batch.keys.add(key);
    return (await batch.found).get(key);
  };
}
