/**
 * Gathers what many requests ask for within one turn of the event loop into one question. Whoever asks after it was sent joins
 * the next one: nobody is answered from a read that began before they asked.
 */
export class GatheredReads<Id, Row> {
  readonly #readMany: (ids: readonly Id[]) => Promise<ReadonlyMap<Id, Row>>;
  readonly #most: number;
  #open: { readonly ids: Set<Id>; readonly rows: Promise<ReadonlyMap<Id, Row>> } | undefined;

  /** `readMany` is given each id once, `most` of them or fewer. Where it throws, all who asked are told. */
  constructor(readMany: (ids: readonly Id[]) => Promise<ReadonlyMap<Id, Row>>, most: number) {
    this.#readMany = readMany;
    this.#most = most;
  }

  async find(id: Id): Promise<Row | undefined> {
    const batch = this.#open ?? this.#begin();
    batch.ids.add(id);
    if (batch.ids.size >= this.#most) this.#open = undefined;
    return (await batch.rows).get(id);
  }

  #begin() {
    const ids = new Set<Id>();
    const rows = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      if (this.#open === batch) this.#open = undefined;
      return this.#readMany([...ids]);
    });
    const batch = { ids, rows };
    this.#open = batch;
    return batch;
  }
}
