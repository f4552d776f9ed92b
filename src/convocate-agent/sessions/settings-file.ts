import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../../base/atomic-file.ts';
import { codeOf, messageOf } from '../../base/errors.ts';
import { KeyedLock } from '../../base/keyed-lock.ts';
import { AgentSettings, type AgentSettingsChange, DEFAULT_SETTINGS } from '../../protocol/agent-settings.ts';
import { RpcError } from '../../protocol/error-codes.ts';
import { describeIssue } from '../../protocol/rpc.ts';

/** `/etc/convocate-agent/settings.json`; read at every use, so that an edit by hand counts at the next start. */
export class SettingsFile {
  readonly #path: string;
  readonly #writes = new KeyedLock();

  constructor(path: string) {
    this.#path = path;
  }

  /** The defaults where there is no file. Throws `refused` for one that cannot be understood. */
  async read(): Promise<AgentSettings> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return DEFAULT_SETTINGS;
      throw new RpcError('refused', `${this.#path} cannot be read: ${messageOf(error)}`);
    }
    const parsed = AgentSettings.safeParse(parseJson(text, this.#path));
    if (parsed.success) return parsed.data;
    throw new RpcError('refused', `${this.#path}: ${describeIssue(parsed.error, 'settings')}`);
  }

  /** Changes what is given, keeps the rest, and gives back the whole. */
  async change(change: AgentSettingsChange): Promise<AgentSettings> {
    return await this.#writes.run('settings', async () => {
      const next = { ...(await this.read()), ...withoutAbsent(change) };
      await writeFileAtomic(this.#path, `${JSON.stringify(next, undefined, 2)}\n`);
      return next;
    });
  }
}

function withoutAbsent(change: AgentSettingsChange): Partial<AgentSettings> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RpcError('refused', `${path} is not JSON`);
  }
}
