import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { fakeHost } from '../host-access/fake-host.ts';
import { manifestOf, readingRelease, textsOf } from './host-release-fixture.ts';
import { readHostRelease } from './host-release.ts';

test('a release is read off its host in one round trip, its texts with it', async () => {
  await using host = fakeHost('agent-a', [readingRelease('v1', { ...textsOf('v1'), 'install/empty': '' })]);
  const release = await readHostRelease(host, 'v1');
  expect(release).toMatchObject({
    manifest: manifestOf('v1'),
    manifestText: textsOf('v1')['manifest.json'],
    signature: 'signature\n',
    manifestDigest: createHash('sha256').update(release.manifestText).digest('hex'),
  });
  expect((await release.readFile('install/files.json')).toString()).toBe('[]');
  expect(await release.readFile('install/empty')).toHaveLength(0);
  expect(() => release.readFile('install/other')).toThrow('release v1 on the host has no install/other');
});

test.each(['manifest.json', 'manifest.json.sig'])(
  'a release without its %s is told by name',
  async (name) => {
    const { [name]: _gone, ...texts } = textsOf('v1');
    await using host = fakeHost('agent-a', [readingRelease('v1', texts)]);
    await expect(readHostRelease(host, 'v1')).rejects.toMatchObject({
      message: `release v1 on the host has no ${name}`,
      exit: 1,
      details: { host: 'agent-a' },
    });
  },
);

test('a manifest that is damaged there is told by its place', async () => {
  const texts = { ...textsOf('v1'), 'manifest.json': '{' };
  await using host = fakeHost('agent-a', [readingRelease('v1', texts)]);
  await expect(readHostRelease(host, 'v1')).rejects.toThrow(
    'the release manifest /usr/local/lib/convocate/releases/v1/manifest.json is damaged',
  );
});
