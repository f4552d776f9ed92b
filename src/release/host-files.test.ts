import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HOST_FILES, HOST_FILES_INDEX, HostFile, renderHostFiles, renderTemplate } from './host-files.ts';
import type { Manifest } from './manifest.ts';

const GIB = 1024 ** 3;
const host = { cores: 2, memoryBytes: 8 * GIB };
const manifest = {} as Manifest;

/** What `make build` puts into a release's install/. */
const TEMPLATES = join(import.meta.dirname, '../convocate-agent/install/templates');

async function template(name: string): Promise<string> {
  return await readFile(join(TEMPLATES, name), 'utf8');
}

describe('the sessions slice', () => {
  test('of an earlier release, on a host with 2 cores and 8 GiB, leaves a tenth to the host', () => {
    const text = renderTemplate('CPUQuota={{cpu_quota_percent}}%\nMemoryMax={{memory_max_bytes}}\n', host);
    expect(text).toBe('CPUQuota=180%\nMemoryMax=7730941132\n');
  });

  test('is the file of the release with these numbers in it, and no other change', async () => {
    const text = renderTemplate(await template('convocate-sessions.slice'), host);
    expect(text).toBe(
      [
        '[Unit]',
        'Description=All convocate session containers of this host',
        '',
        '[Slice]',
        "# 90 % of this host's cores and memory: the rest is for the host, and for whoever has to rescue it.",
        '# systemd works out the share of memory: its exact size changes with the kernel, and this text must not.',
        'CPUAccounting=yes',
        'CPUQuota=180%',
        'MemoryAccounting=yes',
        'MemoryMax=90%',
        'TasksAccounting=yes',
        '',
      ].join('\n'),
    );
  });
});

test.each(HOST_FILES)('$to stays as it is when another kernel leaves some KiB more', async ({ from }) => {
  const text = await template(from.replace('install/', ''));
  const after = { ...host, memoryBytes: host.memoryBytes + 12 * 1024 };
  expect(renderTemplate(text, after)).toBe(renderTemplate(text, host));
});

test('numbers are whole on any host', () => {
  for (const [cores, memoryBytes] of [
    [1, 1],
    [3, 1023],
    [128, 2 ** 40 + 7],
  ] as const) {
    const [cpu, memory] = renderTemplate('{{cpu_quota_percent}} {{memory_max_bytes}}', {
      cores,
      memoryBytes,
    }).split(' ');
    expect([cpu, memory].every((text) => /^\d+$/.test(text ?? ''))).toBe(true);
  }
});

test('an unknown placeholder is a bug of the release and throws', () => {
  expect(() => renderTemplate('MemoryMax={{memory_max}}', host)).toThrow(
    new TypeError('a template names {{memory_max}}, which is not known'),
  );
  expect(renderTemplate('a {single} {{ spaced }} $& $1', host)).toBe('a {single} {{ spaced }} $& $1');
});

const read = (files: Record<string, string>) => (_manifest: Manifest, path: string) => {
  const text = files[path];
  return text === undefined ? Promise.reject(new Error(`no ${path}`)) : Promise.resolve(Buffer.from(text));
};

describe('the files of a release', () => {
  test('are those its own index lists, rendered for the host', async () => {
    const index = [{ from: 'install/a', to: '/etc/x/a.slice', mode: 0o600, systemd: true }];
    const files = { [HOST_FILES_INDEX]: JSON.stringify(index), 'install/a': 'Q={{cpu_quota_percent}}' };
    expect(await renderHostFiles(manifest, read(files), host)).toEqual([
      { path: '/etc/x/a.slice', mode: 0o600, systemd: true, text: 'Q=180' },
    ]);
  });

  test.each(['/usr/bin/sh', 'etc/x', '/etc', '/etcetera/x', '/etc/a b', '/etc/x\n'])(
    'never go to %j',
    (to) => {
      expect(HostFile.safeParse({ from: 'install/a', to, mode: 0o644, systemd: false }).success).toBe(false);
    },
  );

  test('never go outside /etc by way of ".."', () => {
    const file = { from: 'install/a', to: '/etc/../root/.ssh/authorized_keys', mode: 0o644, systemd: false };
    expect(HostFile.safeParse(file).success).toBe(false);
  });

  test.each(HOST_FILES)('has $from, which can be rendered', async (file) => {
    expect(HostFile.safeParse(file).success).toBe(true);
    const text = await template(file.from.replace('install/', ''));
    expect(renderTemplate(text, host)).not.toContain('{{');
  });
});
