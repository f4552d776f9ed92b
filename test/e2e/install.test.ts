// `make install` on the shell host, as the user guide has it: what it refuses, what a first run makes, and that a second run
// makes nothing. The first run is the one for hosts that cannot pull an image: everything from Debian's packages.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { diffSnapshots, snapshotHost } from '../../lab/snapshot.ts';
import { buildTree } from '../../lab/trees.ts';
import { freshLab } from './support/fresh-lab.ts';
import { expectNothingChanged } from './support/refusal.ts';

const labName = 'install-test';
const version = 'v0.8.40';
const setUpMs = 15 * 60_000;
/** debootstrap, and apt-get for the toolchain, over the network. */
const realInstallMs = 12 * 60_000;
const release = `/var/lib/convocate/releases/${version}`;
const installedPrograms = '/usr/local/lib/convocate/shell';

let lab: Lab;
let shell: Machine;
let folder: string;

interface ManifestFacts {
  readonly version: string;
  readonly files: readonly { readonly path: string; readonly sha256: string; readonly size: number }[];
  readonly image: {
    readonly tag: string;
    readonly base: string;
    readonly toolchain: string;
    readonly config_digest: string;
  };
}

async function makeInstall(flags = ''): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const argv = ['make', '-C', folder, 'install', ...(flags === '' ? [] : [`INSTALL_FLAGS=${flags}`])];
  return await shell.exec(argv, { timeoutMs: realInstallMs });
}

/** The program behind `make install`, whose own exit code make would turn into 2. */
async function install(...flags: string[]): Promise<{ exitCode: number; stderr: string }> {
  return await shell.exec([`${folder}/build/convocate`, 'install', ...flags], { timeoutMs: realInstallMs });
}

async function imageId(reference: string): Promise<string> {
  return (await shell.run(['docker', 'image', 'inspect', '--format', '{{.Id}}', reference])).stdout.trim();
}

/** What OpenSSH itself says of a text and the stored signature, by the cluster's key of today. */
async function verified(text: string): Promise<{ exitCode: number; stdout: string }> {
  const key = (await shell.readFile('/etc/convocate/signing_key.pub')).trim();
  await shell.writeFile('/root/signers', `convocate-cluster namespaces="convocate-release" ${key}\n`);
  const argv = [
    ...['ssh-keygen', '-Y', 'verify', '-f', '/root/signers', '-I', 'convocate-cluster'],
    ...['-n', 'convocate-release', '-s', `${release}/manifest.json.sig`],
  ];
  return await shell.exec(argv, { input: text });
}

/** Puts a built tree onto the machine, as a checkout after `make build`. */
async function openTree(tree: string, name: string): Promise<string> {
  const target = `/opt/convocate/${name}`;
  await shell.run(['mkdir', '-p', target]);
  await shell.copyIn(join(tree, 'build'), `${target}/build`);
  await shell.copyIn(join(tree, 'Makefile'), `${target}/Makefile`);
  return target;
}

beforeAll(async () => {
  lab = await freshLab({ name: labName, agents: 0 });
  shell = lab.shell;
  folder = await openTree(await buildTree({ version }), 'checkout');
}, setUpMs);

afterAll(() => lab?.close());

describe('refused before anything is changed', () => {
  test('who is not root', () =>
    expectNothingChanged([shell], async () => {
      const argv = [`${folder}/build/convocate`, 'install'];
      const { exitCode, stderr } = await shell.exec(argv, { user: 'ops' });
      expect(exitCode).toBe(3);
      expect(stderr).toMatch(/error: installing needs root\n {2}next: {4}run: sudo make install/);
    }));

  test('a machine whose Docker is down', () =>
    expectNothingChanged([shell], async () => {
      await shell.run(['systemctl', 'stop', 'docker.socket', 'docker.service']);
      try {
        const { exitCode, stderr } = await install();
        expect(exitCode).toBe(3);
        expect(stderr).toMatch(/error: Docker does not answer on this machine/);
        expect(stderr).toMatch(/next: .*systemctl enable --now docker/);
      } finally {
        await shell.run(['systemctl', 'start', 'docker.socket', 'docker.service']);
        await shell.run(['docker', 'info']);
      }
    }));

  test('an account claude that is not ours', async () => {
    await shell.run(['useradd', '--uid', '1999', '--no-create-home', 'claude']);
    try {
      await expectNothingChanged([shell], async () => {
        const { exitCode, stderr } = await install();
        expect(exitCode).toBe(3);
        expect(stderr).toMatch(/error: the user claude exists with uid and gid 1999:1999, not 1337:1337/);
        expect(stderr).toMatch(/next: .*usermod/);
      });
    } finally {
      await shell.run(['userdel', 'claude']);
    }
  });

  test('values that cannot be: 2, and what to give instead', () =>
    expectNothingChanged([shell], async () => {
      const wrong: [string[], RegExp, RegExp][] = [
        [['--toolchain', 'medium'], /no toolchain is called "medium"/, /full.*minimal/],
        [['--base-image', '-v /:/host'], /--base-image|not an image/, /convocate help|debootstrap:bookworm/],
        [['--base-image=--privileged'], /not an image to build on: "--privileged"/, /debootstrap:bookworm/],
        [['--base-image', 'debootstrap:../../etc'], /not an image to build on/, /debootstrap:bookworm/],
        [['--base-image', 'Ubuntu 24.04'], /not an image to build on/, /ubuntu:24\.04/],
        [['--bas-image', 'ubuntu:24.04'], /--bas-image/, /convocate help/],
      ];
      for (const [flags, says, next] of wrong) {
        const { exitCode, stderr } = await install(...flags);
        expect.soft(exitCode, flags.join(' ')).toBe(2);
        expect.soft(stderr).toMatch(says);
        expect.soft(stderr).toMatch(next);
        expect.soft(stderr).not.toMatch(/^ +at /m);
      }
    }));

  test('a tree that was never built', async () => {
    await shell.run(['mkdir', '-p', '/opt/convocate/unbuilt']);
    await shell.run(['cp', `${folder}/Makefile`, '/opt/convocate/unbuilt/Makefile']);
    const result = await shell.exec(['make', '-C', '/opt/convocate/unbuilt', 'install']);
    expect(result.exitCode).not.toBe(0);
    expect(result.stdout).toMatch(/nothing is built yet: run make build first/);
  });
});

test('a base image that cannot be pulled: how to make one, and no half-installed programs', async () => {
  const { exitCode, stderr } = await makeInstall('--base-image registry.invalid/ubuntu:24.04');
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/error: the base image registry\.invalid\/ubuntu:24\.04 cannot be pulled/);
  expect(stderr).toMatch(/command: docker pull/);
  expect(stderr).toMatch(/next: .*--base-image debootstrap:bookworm/);
  for (const path of [
    '/usr/local/bin/convocate',
    '/var/lib/convocate/current',
    '/etc/convocate/install.json',
  ]) {
    expect((await shell.exec(['test', '-e', path])).exitCode, path).toBe(1);
  }
});

describe('a first run, from Debian’s packages alone', () => {
  let manifestText: string;
  let manifest: ManifestFacts;

  beforeAll(async () => {
    const { exitCode, stdout, stderr } = await makeInstall(
      '--base-image debootstrap:bookworm --toolchain minimal',
    );
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/making convocate-base:bookworm from Debian's packages/);
    expect(stdout).toMatch(
      new RegExp(`this machine is on ${version}; agents follow with: convocate-host update`),
    );
    manifestText = await shell.readFile(`${release}/manifest.json`);
    manifest = JSON.parse(manifestText) as ManifestFacts;
  }, realInstallMs);

  test('the programs are there for every user, and say their version', async () => {
    for (const program of ['convocate', 'convocate-host', 'convocate-agent']) {
      const { stdout } = await shell.run([program, 'version'], { user: 'ops' });
      expect(stdout).toBe(`${version}\n`);
    }
  });

  test('user claude is 1337:1337, here and in the image, and logs in to convocate', async () => {
    expect((await shell.run(['getent', 'passwd', 'claude'])).stdout).toMatch(
      /^claude:x:1337:1337:[^:]*:\/home\/claude:\/usr\/local\/bin\/convocate\n$/,
    );
    const inside = [
      'docker',
      'run',
      '--rm',
      '--network',
      'none',
      '--entrypoint',
      'id',
      `convocate:${version}`,
      'claude',
    ];
    expect((await shell.run(inside)).stdout).toMatch(/^uid=1337\(claude\) gid=1337\(claude\)/);
  });

  test('the image is the one of the manifest, and is Debian bookworm', async () => {
    expect(manifest.version).toBe(version);
    expect(manifest.image).toMatchObject({
      tag: `convocate:${version}`,
      base: 'debootstrap:bookworm',
      toolchain: 'minimal',
    });
    expect(await imageId(`convocate:${version}`)).toBe(`sha256:${manifest.image.config_digest}`);
    const inside = [
      'docker',
      'run',
      '--rm',
      '--network',
      'none',
      '--entrypoint',
      'cat',
      `convocate:${version}`,
      '/etc/os-release',
    ];
    expect((await shell.run(inside)).stdout).toMatch(/VERSION_CODENAME=bookworm/);
  });

  test('the manifest is signed by the cluster’s key: ssh-keygen verifies it, and no other text', async () => {
    expect((await verified(manifestText)).stdout).toMatch(/^Good "convocate-release" signature/);
    const changed = manifestText.replace(/[0-9a-f]{64}/, '0'.repeat(64));
    expect(changed).not.toBe(manifestText);
    expect((await verified(changed)).exitCode).toBe(255);
    expect((await shell.run(['stat', '--format=%a %U', '/etc/convocate/signing_key'])).stdout).toBe(
      '600 root\n',
    );
  });

  test('every file of the manifest is stored, with the digest it names', async () => {
    for (const { path, sha256, size } of manifest.files) {
      const { exitCode, stdout } = await shell.execBytes([
        'gzip',
        '-dc',
        `/var/lib/convocate/blobs/${sha256}.gz`,
      ]);
      expect.soft(exitCode, path).toBe(0);
      expect.soft(stdout.length, path).toBe(size);
      expect.soft(createHash('sha256').update(stdout).digest('hex'), path).toBe(sha256);
    }
  });

  test('the choice is remembered; a second run builds nothing and changes nothing', async () => {
    expect(JSON.parse(await shell.readFile('/etc/convocate/install.json'))).toEqual({
      base_image: 'debootstrap:bookworm',
      toolchain: 'minimal',
    });
    const before = await snapshotHost(shell);
    const id = await imageId(`convocate:${version}`);
    const { exitCode, stdout, stderr } = await makeInstall();
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/session image: base debootstrap:bookworm, minimal toolchain/);
    expect(stdout).toMatch(new RegExp(`release ${version} is stored already`));
    expect(stdout).not.toMatch(/building|making|created|wrote|signed|login shell/);
    expect(await shell.readFile(`${release}/manifest.json`)).toBe(manifestText);
    expect(await imageId(`convocate:${version}`)).toBe(id);
    // The programs are copied anew, and what is written again is written alike: only times differ.
    const after = await snapshotHost(shell);
    const untimed = (picture: typeof before): typeof before =>
      new Map([...picture].map(([key, value]) => [key, value.replace(/\d{10}\.\d{6,}/, '')]));
    expect(diffSnapshots(untimed(before), untimed(after))).toEqual([]);
    expect((await shell.run(['ls', '-A', installedPrograms])).stdout).toBe(`${version}\n`);
  });

  test('images that no stored release needs go; what a container was made from stays, with a warning', async () => {
    await shell.run(['sh', '-c', 'tar -c -C /etc hostname | docker import - convocate-toolchain:0123']);
    for (const left of ['v0.0.1', 'v0.0.2'])
      await shell.run(['docker', 'tag', `convocate:${version}`, `convocate:${left}`]);
    await shell.run(['sh', '-c', 'tar -c -C /etc hosts | docker import - convocate:v0.0.3']);
    await shell.run(['docker', 'create', '--name=by-hand', 'convocate:v0.0.3', 'true']);
    const { exitCode, stdout, stderr } = await makeInstall();
    expect(exitCode, stderr).toBe(0);
    expect(stdout.match(/^removed the image .*$/gm)?.toSorted()).toEqual([
      'removed the image convocate-toolchain:0123',
      'removed the image convocate:v0.0.1',
      'removed the image convocate:v0.0.2',
    ]);
    expect(stdout).toMatch(/^warning: an image .* does no harm: convocate:v0\.0\.3: .*container/m);
    const images = ['docker', 'images', '--format={{.Repository}}', '--filter=reference=convocate*'];
    expect((await shell.run(images)).stdout.trim().split('\n').toSorted()).toEqual([
      'convocate',
      'convocate',
      'convocate-base',
      'convocate-toolchain',
    ]);
    await shell.run(['docker', 'rm', 'by-hand']);
    expect((await makeInstall()).stdout).toMatch(/^removed the image convocate:v0\.0\.3$/m);
    expect((await makeInstall()).stdout).not.toMatch(/removed/);
  });

  test('what is stored is taken also where Docker has lost what it was built on, and is signed with a new key', async () => {
    const images = ['docker', 'images', '--format', '{{.Repository}}:{{.Tag}}', 'convocate-toolchain'];
    const toolchain = (await shell.run(images)).stdout.trim();
    await shell.run(['docker', 'image', 'rm', 'convocate-base:bookworm', toolchain]);
    await shell.run(['rm', '/etc/convocate/signing_key', '/etc/convocate/signing_key.pub']);
    const { exitCode, stdout, stderr } = await makeInstall();
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/is stored already\nsigned it anew, with today's key\n/);
    expect(stdout).not.toMatch(/building|making/);
    expect(await shell.readFile(`${release}/manifest.json`)).toBe(manifestText);
    expect((await verified(manifestText)).stdout).toMatch(/^Good "convocate-release" signature/);
  });

  test('the same version from other sources is refused, and the one before goes on', async () => {
    const appended = { 'src/convocate-agent/main.ts': '\nObject.assign(globalThis, { other: true });\n' };
    const other = await openTree(await buildTree({ version, appended }), 'other-checkout');
    await expectNothingChanged([shell], async () => {
      const { exitCode, stderr } = await shell.exec([`${other}/build/convocate`, 'install']);
      expect(exitCode).toBe(3);
      expect(stderr).toMatch(/is stored already, with other content; a release never changes/);
      expect(stderr).toMatch(/next: .*commit or tag/);
    });
  });

  test('nor is it made again with other choices: the refusal names those of before', () =>
    expectNothingChanged([shell], async () => {
      const { exitCode, stderr } = await install('--toolchain', 'full');
      expect(exitCode).toBe(3);
      expect(stderr).toMatch(
        /next: .*make install INSTALL_FLAGS="--base-image debootstrap:bookworm --toolchain minimal"/,
      );
    }));
});
