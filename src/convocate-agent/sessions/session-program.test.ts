import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { DEFAULT_SETTINGS } from '../../protocol/agent-settings.ts';
import { findSessionProgram } from './session-program.ts';

const root = mkdtempSync(join(tmpdir(), 'convocate-program-'));
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

test('the default one may be missing, but is no link to what cannot be seen', async () => {
  const path = join(root, 'claude');
  vi.spyOn(DEFAULT_SETTINGS, 'session_program', 'get').mockReturnValue(path);
  expect(await findSessionProgram(path)).toBe('none');
  symlinkSync('/root/somewhere/claude', path);
  expect(await findSessionProgram(path)).toEqual({
    fault: `${path} is a link to what the agent does not see`,
  });
});
