// `convocate-host init-shell --host` over SSH, run by a user of a workstation who is not root there: whom it trusts, what the
// shell host is afterwards, that a second run changes nothing, and that it mends what has drifted and keeps every key.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installTree } from '../../lab/cluster.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { buildTree } from '../../lab/trees.ts';
import { freshLab } from './support/fresh-lab.ts';
import { expectNothingChanged, expectRefusal } from './support/refusal.ts';

const labName = 'init-shell-test';
const unit = 'convocate-status.service';
const unitSource = `src/convocate/status-service/${unit}`;
const unitFile = `/etc/systemd/system/${unit}`;
const keys = ['/etc/convocate/signing_key', '/etc/convocate/status_host_key'];
const asOps = { user: 'ops' } as const;
const program = '/home/ops/convocate/build/convocate-host';

let lab: Lab;
let workstation: Machine;
/** The shell host to be. */
let host: Machine;
let fingerprint: string;

const initArgv = (...extra: string[]): string[] => [program, 'init-shell', '--host', 'agent-a', ...extra];
const initShell = async (...extra: string[]): Promise<string> =>
  (await workstation.run(initArgv(...extra), asOps)).stdout;

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');
const stateOf = async (property: string): Promise<string> =>
  (await host.run(['systemctl', 'show', unit, '--value', `--property=${property}`])).stdout.trim();
const rightsOf = async (...paths: string[]): Promise<string[]> =>
  linesOf((await host.run(['stat', '--format=%A %U:%G %n', ...paths])).stdout);
const privateKeys = async (): Promise<string[]> => linesOf((await host.run(['sha256sum', ...keys])).stdout);

/** What 223 shows to anyone who dials it. */
async function keyOn223(): Promise<string> {
  const { stdout } = await workstation.run(['ssh-keyscan', '-p', '223', '-t', 'ed25519', 'agent-a']);
  const line = linesOf(stdout).find((text) => !text.startsWith('#')) ?? '';
  return line.split(' ').slice(1).join(' ');
}

const statusHostKey = async (): Promise<string> =>
  (await host.readFile(`${keys[1]}.pub`)).trim().split(' ').slice(0, 2).join(' ');

beforeAll(async () => {
  lab = await freshLab({ name: labName, agents: 1 });
  workstation = lab.shell;
  host = lab.agent(0);
  fingerprint = await host.sshHostFingerprint();
  // Another version than the shell host's, with another unit: it is the shell host's own that counts there.
  const tree = await buildTree({ version: 'v0.8.71', appended: { [unitSource]: '# of the workstation\n' } });
  await workstation.copyIn(join(tree, 'build'), '/home/ops/convocate/build');
  const key = await workstation.readFile('/root/.ssh/id_ed25519');
  await workstation.writeFile('/home/ops/.ssh/id_ed25519', key, { mode: '0600', owner: 'ops' });
});

afterAll(() => lab?.close());

describe('refused, with nothing changed on either machine', () => {
  test.each([
    { why: 'no terminal to vouch on', extra: [], says: [/never seen before/], next: /--host-key SHA256:/ },
    {
      why: 'another key than the one given',
      extra: ['--host-key', `SHA256:${'A'.repeat(43)}`],
      says: [`given:     SHA256:${'A'.repeat(43)}`, /presented: SHA256:/],
      next: /ssh-keygen -lf/,
    },
  ])('$why', ({ extra, says, next }) =>
    expectNothingChanged([workstation, host], () =>
      expectRefusal(workstation, initArgv(...extra), { host: 'agent-a', says, next }, asOps),
    ),
  );

  test.each([
    { user: 'nosudo', says: [/nosudo cannot become root without a password/], next: /--user/ },
    { user: 'ops', says: [/convocate is not installed/], next: 'make build && sudo make install' },
  ])('as $user, before anything is installed there', ({ user, says, next }) =>
    expectNothingChanged([workstation, host], () => {
      const argv = initArgv('--user', user, '--host-key', fingerprint);
      return expectRefusal(workstation, argv, { host: 'agent-a', says, next }, asOps);
    }),
  );

  test('options for SSH where no SSH is: 2', () =>
    expectRefusal(
      workstation,
      [program, 'init-shell', '--host', 'local', '--host-key', fingerprint],
      {
        exit: 2,
        says: [/--host-key is for SSH, and "local" is this very machine/],
        next: /leave --host-key out/,
      },
      asOps,
    ));
});

describe('on a machine after `make install`', () => {
  let signingKey: string;

  beforeAll(async () => {
    await installTree({ shell: host }, await buildTree({ version: 'v0.8.70' }));
    signingKey = await host.readFile('/etc/convocate/signing_key.pub');
    await initShell('--host-key', fingerprint);
  });

  test('directories and keys are there, and only what may be read can be', async () => {
    expect(
      await rightsOf('/etc/convocate', '/etc/convocate/agent-keys', '/var/lib/convocate', ...keys),
    ).toEqual([
      'drwxr-xr-x root:root /etc/convocate',
      'drwx------ root:root /etc/convocate/agent-keys',
      'drwxr-xr-x root:root /var/lib/convocate',
      ...keys.map((key) => `-rw------- root:root ${key}`),
    ]);
    expect(await host.readFile('/etc/convocate/signing_key.pub')).toBe(signingKey);
  });

  test('the service is up and enabled, by the unit of the version that is installed there', async () => {
    expect([await stateOf('ActiveState'), await stateOf('UnitFileState')]).toEqual(['active', 'enabled']);
    const own = '/usr/local/lib/convocate/shell/v0.8.70/shell';
    expect(await host.readFile(unitFile)).toBe(await host.readFile(`${own}/${unit}`));
    expect(await host.readFile(unitFile)).not.toContain('of the workstation');
  });

  test('it listens on 223 with its key, and serves operators on the socket', async () => {
    expect(await keyOn223()).toBe(await statusHostKey());
    expect(await rightsOf('/run/convocate/shell.sock')).toEqual([
      'srw-rw---- root:claude /run/convocate/shell.sock',
    ]);
    const { stdout } = await host.run(['convocate', 'ls', '--json'], { user: 'claude' });
    expect(JSON.parse(stdout)).toEqual({ agents: [], sessions: [] });
  });

  test('a second run asks nothing, changes nothing on either machine, and restarts nothing', async () => {
    const process = await stateOf('MainPID');
    await expectNothingChanged([workstation, host], async () => {
      expect(await initShell()).not.toMatch(/made|put right/);
    });
    expect(await stateOf('MainPID')).toBe(process);
  });

  test('the key is pinned from then on: another one is refused', async () => {
    await host.swapHostKey();
    try {
      await expectNothingChanged([workstation, host], () =>
        expectRefusal(
          workstation,
          initArgv(),
          {
            host: 'agent-a',
            says: [/not the one that was pinned/, `pinned:    ${fingerprint}`],
            next: /--host-key/,
          },
          asOps,
        ),
      );
    } finally {
      await host.restoreHostKey();
    }
  });

  test('what has drifted is put right, and no key is made anew', async () => {
    const [secrets, unitText] = [await privateKeys(), await host.readFile(unitFile)];
    const halves = await Promise.all(keys.map((key) => host.readFile(`${key}.pub`)));
    await host.run(['rm', `${keys[0]}.pub`]);
    await host.writeFile(`${keys[1]}.pub`, 'nonsense\n');
    await host.run(['chmod', '644', ...keys]);
    await host.run(['chmod', '755', '/etc/convocate/agent-keys']);
    await host.run(['systemctl', 'disable', '--quiet', '--now', unit]);
    await host.run(['sed', '-i', 's/^Restart=always/Restart=no/', unitFile]);

    const said = await initShell();

    for (const key of keys) expect(said).toMatch(new RegExp(`${key}\\.pub: .*; put right`));
    expect(await privateKeys()).toEqual(secrets);
    expect(await Promise.all(keys.map((key) => host.readFile(`${key}.pub`)))).toEqual(halves);
    expect(await rightsOf('/etc/convocate/agent-keys', ...keys)).toEqual([
      'drwx------ root:root /etc/convocate/agent-keys',
      ...keys.map((key) => `-rw------- root:root ${key}`),
    ]);
    expect(await host.readFile(unitFile)).toBe(unitText);
    expect([await stateOf('ActiveState'), await stateOf('UnitFileState'), await stateOf('Restart')]).toEqual([
      'active',
      'enabled',
      'always',
    ]);
    expect(await keyOn223()).toBe(await statusHostKey());
  });

  test('a service that does not come up is told, with its own words and what to do', async () => {
    await host.run(['systemctl', 'stop', unit]);
    await host.run(['systemd-run', '--quiet', '--unit=other-on-223', 'nc', '-lk', '223']);
    const expected = {
      exit: 1,
      host: 'agent-a',
      says: [/did not come up/, /port 223 cannot be listened on: .*EADDRINUSE/],
      next: /run this again/,
    } as const;
    await expectRefusal(workstation, initArgv(), expected, asOps);
    await host.run(['systemctl', 'stop', 'other-on-223']);
    await initShell();
    expect(await stateOf('ActiveState')).toBe('active');
  });

  test('a key that was lost while the service ran is made anew, and 223 shows that one', async () => {
    const before = await statusHostKey();
    await host.run(['rm', keys[1] ?? '', `${keys[1]}.pub`]);
    expect(await initShell()).toContain(`made ${keys[1]}`);
    expect(await statusHostKey()).not.toBe(before);
    expect(await keyOn223()).toBe(await statusHostKey());
  });

  test('a damaged key is named and never overwritten', async () => {
    await host.writeFile(keys[1] ?? '', 'damaged\n', { mode: '0600' });
    const expected = { exit: 1, host: 'agent-a', says: [/is no private key/], next: /backup/ } as const;
    await expectRefusal(workstation, initArgv(), expected, asOps);
    expect(await host.readFile(keys[1] ?? '')).toBe('damaged\n');
  });
});
