import { type DocumentNode, visit } from 'graphql';

/** Characters of all documents together. Of parsed text, one takes up to some 130 bytes. */
const LARGEST = 200_000;

/**
 * The documents that passed all checks (Apollo's `documentStore`: one that it finds here it neither parses nor validates), the
 * longest unused leaving first. None with a text written into it is kept: it may be a password, and is somebody's alone.
 */
export class KnownDocuments {
  readonly #documents = new Map<string, DocumentNode>();
  readonly #keys = new Map<string, string>();
  #size = 0;

  /** Whether a document of exactly this text is kept. */
  has(text: string): boolean {
    return this.#keys.has(text);
  }

  /** The document of exactly this text, where it is kept. */
  find(text: string): DocumentNode | undefined {
    const key = this.#keys.get(text);
    return key === undefined ? undefined : this.#use(key);
  }

  async get(key: string): Promise<DocumentNode | undefined> {
    return this.#use(key);
  }

  #use(key: string): DocumentNode | undefined {
    const document = this.#documents.get(key);
    if (document === undefined) return undefined;
    this.#documents.delete(key);
    this.#documents.set(key, document);
    return document;
  }

  async set(key: string, document: DocumentNode): Promise<void> {
    const text = textOf(document);
    if (text === undefined || text.includes('"') || this.#keys.has(text)) return;
    dropTokens(document);
    this.#documents.set(key, document);
    this.#keys.set(text, key);
    this.#size += text.length;
    for (const oldest of this.#documents.keys()) {
      if (this.#size <= LARGEST) break;
      await this.delete(oldest);
    }
  }

  async delete(key: string): Promise<void> {
    const document = this.#documents.get(key);
    const text = document && textOf(document);
    if (text === undefined) return;
    this.#documents.delete(key);
    this.#keys.delete(text);
    this.#size -= text.length;
  }
}

/** The parser leaves the list of all tokens at each node's place. Nobody reads it, and it is a third of a document's memory. */
function dropTokens(document: DocumentNode): void {
  visit(document, {
    enter: ({ loc }) => void (loc && Object.assign(loc, { startToken: undefined, endToken: undefined })),
  });
}

const textOf = ({ loc }: DocumentNode): string | undefined => loc?.source.body;
