// Which operations of the document have been brought to a good answer.

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
}

interface Operation {
  readonly id: string;
  readonly method: string;
  readonly pattern: RegExp;
}

/** Keeps account of the operations of a server's document. */
export class Operations {
  readonly #all: readonly Operation[];
  readonly #reached = new Set<string>();

  private constructor(document: Document) {
    // A fixed segment goes before a parameter.
    const paths = Object.entries(document.paths).sort(([a], [b]) => (a.replaceAll("{", "~") < b.replaceAll("{", "~") ? -1 : 1));
    this.#all = paths.flatMap(([path, item]) => {
      const pattern = new RegExp(`^${path.replace(/[.]/g, "\\.").replace(/\{[^}]+\}/g, "[^/]+")}$`);
      return Object.entries(item).map(([method, { operationId }]) => ({ id: operationId, method: method.toUpperCase(), pattern }));
    });
  }

  /** Reads the document of a running server. */
  static async of(url: string): Promise<Operations> {
    return new Operations((await (await fetch(`${url}/openapi.json`)).json()) as Document);
  }

  /** A `fetch` that keeps account. */
  readonly fetch = async (request: Request): Promise<Response> => {
    const response = await fetch(request);
    const { pathname } = new URL(request.url);
    const operation = this.#all.find(({ method, pattern }) => method === request.method && pattern.test(pathname));
    if (operation && response.ok) this.#reached.add(operation.id);
    return response;
  };

  /** How many there are. */
  get count(): number {
    return this.#all.length;
  }

  /** Those that were brought to a 2xx. */
  get reached(): ReadonlySet<string> {
    return this.#reached;
  }

  /** Those that were not. */
  get missing(): string[] {
    return this.#all.map(({ id }) => id).filter((id) => !this.#reached.has(id));
  }
}
