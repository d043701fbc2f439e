/** Rows of a page that asks for no number, and the most that one may ask for. */
export const DEFAULT_PAGE_ROWS = 20;
export const MAX_PAGE_ROWS = 100;

/** Where a row stands in a list that is ordered by a time and then an id, newest first: what its cursor says. */
export interface PagePosition {
  /** To the millisecond, as every table keeps it: a finer time would be lost in the cursor, and rows with it. */
  readonly at: Date;
  /** A UUID in lower case. */
  readonly id: string;
}

/** A page as a client asks for it; null is the same as left out. */
export interface WantedPage<Filter> {
  readonly first?: number | null | undefined;
  /** A cursor. */
  readonly after?: string | null | undefined;
  readonly filter?: Filter | null | undefined;
}

/** What a repository takes of a page: the rows below `after`, or from the newest on. */
export interface PageWindow {
  /** From 1 to `MAX_PAGE_ROWS`. */
  readonly first: number;
  readonly after: PagePosition | undefined;
}

/** What it answers: in their order the rows of the window and one more, where there is one. */
export interface FoundRows<Row> {
  readonly rows: readonly Row[];
  /** Whether a row of the same filter stands at `after` or above it; false without `after`. */
  readonly hasPrevious: boolean;
}

/** A page as GraphQL shows it. What is made of its rows is made when it is asked for: most ask for nodes or for edges, and for one cursor. */
export interface Page<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly nodes: readonly Node[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** The rows that a page shows: what was found but the one more, which only tells that there is a next page. */
export const rowsOfPage = <Row>({ rows }: FoundRows<Row>, { first }: Pick<PageWindow, 'first'>): readonly Row[] =>
  rows.slice(0, first);

/** Makes a page of what was found. `hasPreviousPage` and `hasNextPage` are what the database said, never guessed. */
export function toPage<Row, Node>(
  found: FoundRows<Row>,
  window: Pick<PageWindow, 'first'>,
  toNode: (row: Row) => Node,
  cursorOf: (row: Row) => string,
): Page<Node> {
  const rows = rowsOfPage(found, window);
  const cursorAt = (index: number) => {
    const row = rows.at(index);
    return row === undefined ? null : cursorOf(row);
  };
  return {
    get edges() {
      return rows.map((row) => toEdge(toNode(row), () => cursorOf(row)));
    },
    get nodes() {
      return rows.map(toNode);
    },
    pageInfo: {
      hasNextPage: found.rows.length > rows.length,
      hasPreviousPage: found.hasPrevious,
      get startCursor() {
        return cursorAt(0);
      },
      get endCursor() {
        return cursorAt(-1);
      },
    },
  };
}

/** The same page of other nodes. */
export const mapNodes = <From, To>(page: Page<From>, toNode: (node: From) => To): Page<To> => ({
  get edges() {
    return page.edges.map((edge) => toEdge(toNode(edge.node), () => edge.cursor));
  },
  get nodes() {
    return page.nodes.map(toNode);
  },
  pageInfo: page.pageInfo,
});

const toEdge = <Node>(node: Node, makeCursor: () => string) => ({
  node,
  get cursor() {
    return makeCursor();
  },
});
