// A TCP port in front of another, whose connections can be cut, or stall as those of a host that is partitioned off.
import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

export class LineGate implements AsyncDisposable {
  /** Where new connections go; may be changed. */
  target: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #stalled = false;

  constructor(target: number) {
    this.target = target;
  }

  get port(): number {
    return this.#port;
  }

  /** Takes connections, always on the same port. */
  async open(): Promise<void> {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => this.#join(near));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Cuts every connection and takes none until it is opened again. */
  async close(): Promise<void> {
    if (!this.#server) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server = undefined;
    this.cut();
    await closed;
  }

  /** Cuts every connection; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Nothing passes any more, and nobody is told. */
  stall(): void {
    this.#stalled = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** What waited meanwhile passes. */
  flow(): void {
    this.#stalled = false;
    for (const socket of this.#sockets) socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #join(near: Socket): void {
    const far = connect({ port: this.target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    for (const [from, to] of [[near, far] as const, [far, near] as const]) {
      this.#sockets.add(from);
      from.on('data', (chunk: Buffer) => to.write(chunk));
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#stalled) from.pause();
    }
  }
}
