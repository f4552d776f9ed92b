import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { type SessionOptions, namedSession, sessionCommand, tellChange } from './session-command.ts';

interface SendOptions extends SessionOptions {
  readonly key?: readonly string[];
  readonly enter?: boolean;
  readonly stdin?: boolean;
}

interface Keys {
  readonly text?: string;
  readonly keys?: string[];
}

export function addSendCommand(program: Command): void {
  sessionCommand(program, 'send', "type into a running session's terminal: text, then keys, then Enter")
    .argument('[text...]', 'typed as it is; several words with one space between them')
    .option('--key <name>', 'a key by the name tmux has for it, such as Up, C-c, Escape; repeatable', collect)
    .option('--enter', 'press Enter at the end')
    .option('--stdin', 'the text comes on standard input; its last newline is left out')
    .option('--json', 'print the session as JSON')
    .action(async (reference: string, words: string[], options: SendOptions) => {
      if (options.stdin && words.length > 0) throw new UsageError('text and --stdin exclude each other');
      const text = options.stdin ? await readText(process.stdin) : words.join(' ');
      const keys = await keysToSend(text, options);
      const named = await namedSession(reference, options);
      await named.shell.call(named.session.agent_id, 'send', { id: named.session.uuid, ...keys });
      await tellChange(named, (what) => `sent to ${what}`, options.json);
    });
}

/** Checked by the wire's own rules, before anyone is asked. Throws UsageError where there is nothing to send. */
async function keysToSend(
  text: string,
  options: { readonly key?: readonly string[]; readonly enter?: boolean },
): Promise<Keys> {
  const keys = [...(options.key ?? []), ...(options.enter ? ['Enter'] : [])];
  if (text === '' && keys.length === 0)
    throw new UsageError('nothing to send', { hint: 'give text, --stdin, --key or --enter' });
  const { RPC, describeIssue } = await import('../../protocol/rpc.ts');
  const sent = { ...(text !== '' && { text }), ...(keys.length > 0 && { keys }) };
  const checked = RPC.send.params.safeParse({ id: '00000000-0000-4000-8000-000000000000', ...sent });
  if (!checked.success) throw new UsageError(describeIssue(checked.error, 'send'));
  return sent;
}

/** All of it, but never more than may be sent at once. */
export async function readText(input: AsyncIterable<Buffer | string>): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of input) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    if (text.length > LIMITS.sendCharacters)
      throw new UsageError(`standard input holds more than ${LIMITS.sendCharacters} characters`, {
        hint: 'put a file into the session instead, or send it in parts',
      });
  }
  return (text + decoder.decode()).replace(/\n$/, '');
}

function collect(name: string, before: readonly string[] = []): readonly string[] {
  return [...before, name];
}
