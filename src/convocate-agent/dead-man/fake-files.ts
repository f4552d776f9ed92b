import type * as promises from 'node:fs/promises';
import { basename } from 'node:path';
import type { FakeMachine } from './fake-machine.ts';

type Files = typeof promises;
type Call = (...args: unknown[]) => Promise<unknown>;

const CHANGES = new Set(['mkdir', 'writeFile', 'rm', 'symlink', 'rename', 'chmod', 'chown']);

/**
 * Stands for `node:fs/promises`: the same, on the machine's files. To hand files to root takes no root there, and no
 * write waits for a disk.
 */
export function filesOn(machine: FakeMachine, real: Files): Files {
  const calls = Object.entries(real).map(([name, call]) => {
    if (typeof call !== 'function') return [name, call];
    const onMachine: Call = async (...args) => {
      const paths = name === 'symlink' ? [1] : name === 'rename' ? [0, 1] : [0];
      const there = args.map((arg, index) => (paths.includes(index) ? machine.place(String(arg)) : arg));
      const work = (): Promise<unknown> => (name === 'chown' ? Promise.resolve() : (call as Call)(...there));
      if (!CHANGES.has(name) && !(name === 'open' && args[1] !== 'r')) return await machine.look(work);
      return await machine.change(`${name} ${nameOf(String(args[paths.at(-1) ?? 0]))}`, work);
    };
    return [name, name === 'open' ? opening(onMachine) : onMachine];
  });
  return Object.fromEntries(calls) as Files;
}

/** A temporary file goes by the name that it is to get. */
function nameOf(path: string): string {
  return basename(path).replace(/^\.(.+)\.[0-9a-f-]{36}\.tmp$/, '$1');
}

function opening(open: Call): Call {
  return async (...args) => {
    const handle = (await open(...args)) as promises.FileHandle;
    handle.chown = () => Promise.resolve();
    handle.sync = () => Promise.resolve();
    return handle;
  };
}
