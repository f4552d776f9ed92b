// A TCP port in front of another. Frozen, it is what a stopped process is to its peers: connections stand, new ones
// are taken by the kernel, and nothing is read, answered or closed.
import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

interface Pair {
  readonly near: Socket;
  far: Socket | undefined;
}

export class Gate implements AsyncDisposable {
  readonly #targetPort: () => number;
  readonly #pairs = new Set<Pair>();
  #server: Server | undefined;
  #frozen = false;

  constructor(targetPort: () => number) {
    this.#targetPort = targetPort;
  }

  get port(): number {
    const address = this.#server?.address() as AddressInfo | undefined;
    if (!address) throw new Error('the gate is not open');
    return address.port;
  }

  async open(): Promise<void> {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (near) =>
      this.#take(near),
    );
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  freeze(): void {
    this.#frozen = true;
    for (const { near, far } of this.#pairs) {
      for (const socket of [near, far]) socket?.unpipe().pause();
    }
  }

  thaw(): void {
    this.#frozen = false;
    for (const pair of this.#pairs) {
      if (pair.near.closed || pair.far?.closed) this.#end(pair);
      else this.#join(pair);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server;
    if (!server) return;
    const closed = once(server, 'close');
    server.close();
    for (const pair of this.#pairs) this.#end(pair);
    await closed;
  }

  #take(near: Socket): void {
    const pair: Pair = { near, far: undefined };
    this.#pairs.add(pair);
    this.#mind(near, pair);
    if (!this.#frozen) this.#join(pair);
  }

  #join(pair: Pair): void {
    if (!pair.far) {
      pair.far = connect({ host: '127.0.0.1', port: this.#targetPort(), allowHalfOpen: true, noDelay: true });
      this.#mind(pair.far, pair);
    }
    pair.near.pipe(pair.far);
    pair.far.pipe(pair.near);
  }

  /** Whose other side ended is ended too; but nobody who is frozen notices anything. */
  #mind(socket: Socket, pair: Pair): void {
    socket.on('error', () => {}); // told by 'close'
    socket.on('close', () => {
      if (!this.#frozen) this.#end(pair);
    });
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.near.destroy();
    pair.far?.destroy();
  }
}
