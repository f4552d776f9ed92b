export interface HeldOutput {
  /** Lets output through again; gives what was held back. May be called twice. */
  release(): string;
}

const MOST_CHARACTERS = 16 * 1024;

/**
 * Holds back what anything in this process writes to stderr or to the console, such as a warning of the runtime: in the
 * middle of a screen it would break it. The screen itself is written to the terminal, not to stdout.
 */
export function holdOutput(): HeldOutput {
  const streams = [process.stdout, process.stderr];
  let held = '';
  const restore = streams.map((stream) => {
    const own = Object.getOwnPropertyDescriptor(stream, 'write');
    const write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      held = (held + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())).slice(
        -MOST_CHARACTERS,
      );
      const done = rest.find((argument) => typeof argument === 'function');
      if (done) process.nextTick(done);
      return true;
    };
    Object.defineProperty(stream, 'write', { value: write, configurable: true, writable: true });
    return () => {
      if (own) Object.defineProperty(stream, 'write', own);
      else Reflect.deleteProperty(stream, 'write');
    };
  });
  return {
    release: () => {
      for (const undo of restore.splice(0)) undo();
      const text = held;
      held = '';
      return text;
    },
  };
}
