/** One operator's terminal on a session. */
export interface AttachedClient {
  /** Ends its process in the container; resolves when it is gone. `stopping`: because the agent stops, and will be back. */
  detach(why?: 'stopping'): Promise<void>;
  /** Settles when the client is gone, whoever ended it. */
  readonly ended: Promise<void>;
}

/** Who is attached to what, by our own bookkeeping. */
export class AttachedClients {
  readonly #bySession = new Map<string, Set<AttachedClient>>();

  /** Gives a function that takes the client out again. */
  add(uuid: string, client: AttachedClient): () => void {
    const clients = this.#bySession.get(uuid) ?? new Set();
    this.#bySession.set(uuid, clients.add(client));
    return () => {
      clients.delete(client);
      if (clients.size === 0 && this.#bySession.get(uuid) === clients) this.#bySession.delete(uuid);
    };
  }

  count(uuid: string): number {
    return this.#bySession.get(uuid)?.size ?? 0;
  }

  of(uuid: string): AttachedClient[] {
    return [...(this.#bySession.get(uuid) ?? [])];
  }

  all(): AttachedClient[] {
    return [...this.#bySession.values()].flatMap((clients) => [...clients]);
  }
}
