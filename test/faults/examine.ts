import { pollUntil } from '../../src/base/deadline.ts';
import type { Site } from './site.ts';

/** What a look at the host found. */
export interface Found {
  /** The release it is on; undefined where its parts do not agree. */
  readonly release: string | undefined;
  /** Nothing here: it is whole, nothing is open on it, and it answers. */
  readonly wrong: readonly string[];
}

export interface Look {
  /** The shell cannot reach it, so it is asked from inside. */
  readonly cutsOff?: boolean;
  /** Its disk is full: what needs room cannot be asked for. */
  readonly fills?: boolean;
}

/**
 * Prints what is live by every account, then a line for each thing that is still open or under way. Short while a rollout
 * is open: whoever looks often must not take the machine's time for it.
 */
const SURVEY = `
basename "$(readlink /usr/local/lib/convocate/current)"
cat /etc/convocate-agent/current-image
for open in armed returning; do
  [ -e "/var/lib/convocate-agent/rollout/$open.json" ] && echo unknown && echo "$open.json is there" && exit 0
done
/usr/local/bin/convocate-agent version
for unit in convocate-agent=active convocate-dead-man=inactive; do
  state=$(systemctl show "\${unit%=*}.service" -p ActiveState --value)
  [ "$state" = "\${unit#*=}" ] || echo "\${unit%=*}.service is $state"
done
for process in /proc/[0-9]*; do
  words=$(tr '\\0' ' ' < "$process/cmdline" 2>/dev/null)
  case $words in
    *convocate-agent.mjs\\ arm*|*convocate-agent.mjs\\ activate*|*convocate-agent.mjs\\ disarm*|*convocate-agent.mjs\\ prune*) echo "under way: $words" ;;
    *convocate-agent.mjs\\ stage-image*|*convocate-agent.mjs\\ go-back*|systemctl\\ restart*) echo "under way: $words" ;;
  esac
done
exit 0
`;

/** Looks at program, unit, stamp, image, signature, at what is open, and at what answers on 222. */
export async function examine(site: Site, look: Look): Promise<Found> {
  const { agent } = site;
  const { stdout } = await agent.run(['sh', '-c', SURVEY], { timeoutMs: 30_000 });
  const [link = '', stamp = '', program = '', ...open] = stdout.split('\n').filter((line) => line !== '');
  const wrong = [...open];
  if (stamp !== `convocate:${link}`) wrong.push(`${link} is live, and the stamp says ${stamp}`);
  if (program !== link) wrong.push(`${link} is live, and the program is ${program}`);
  if (wrong.length === 0) wrong.push(...(await deeper(site, look, link)));
  return { release: stamp === `convocate:${link}` && program === link ? link : undefined, wrong };
}

async function deeper(site: Site, look: Look, version: string): Promise<string[]> {
  const results = await Promise.all([
    driftOf(site),
    look.fills ? [] : proofOf(site),
    look.cutsOff ? answerInside(site, version) : answerOutside(site, version),
  ]);
  return results.flat();
}

async function driftOf({ agent }: Site): Promise<string[]> {
  const { stdout, stderr } = await agent.exec(['convocate-agent', 'install', '--check', '--json']);
  if (stdout === '') return [`install --check said nothing: ${stderr}`];
  const { items } = JSON.parse(stdout) as { items: { item: string; state: string; detail?: string }[] };
  return items.filter(({ state }) => state === 'drift').map(({ item, detail }) => `${item} ${detail}`);
}

/** Signature, digest of every file, the image, and a container from it. */
async function proofOf({ agent }: Site): Promise<string[]> {
  const { exitCode, stderr } = await agent.exec([
    '/usr/local/lib/convocate/current/convocate-agent',
    'prove',
  ]);
  return exitCode === 0 ? [] : [`it cannot be proven: ${stderr}`];
}

async function answerOutside({ shell }: Site, version: string): Promise<string[]> {
  const { stdout, stderr } = await shell.exec(['convocate-host', 'status', '--json']);
  if (stdout === '') return [`status said nothing: ${stderr}`];
  const [answer] = JSON.parse(stdout) as { up: boolean; version?: string; problem?: string }[];
  return answer?.up && answer.version === version ? [] : [`222 answers: ${JSON.stringify(answer)}`];
}

/** With the shell's own key, from where the shell cannot come. */
async function answerInside({ agent, shell }: Site, version: string): Promise<string[]> {
  const id = (await agent.readFile('/etc/convocate-agent/agent-id')).trim();
  const key = '/run/lab-key';
  const text = await shell.readFile(`/etc/convocate/agent-keys/${id}/shell_to_agent_key`);
  await agent.writeFile(key, text, { mode: '0600' });
  const known = [
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'LogLevel=ERROR',
  ];
  const ssh = [
    'ssh',
    '-p',
    '222',
    '-i',
    key,
    '-o',
    'IdentitiesOnly=yes',
    '-o',
    'ConnectTimeout=10',
    ...known,
  ];
  const ping = { input: '{"op":"ping","params":null}\n', timeoutMs: 30_000 };
  const { stdout, stderr } = await agent.exec([...ssh, '-s', '127.0.0.1', 'convocate-agent-rpc'], ping);
  return stdout.includes(`"version":"${version}"`) ? [] : [`222 answers inside: ${stdout}${stderr}`];
}

/**
 * Looks again and again until the host is whole and on one of these releases, or until `by` (on the clock of
 * `performance.now()`); gives what it saw last.
 */
export async function waitUntilWhole(
  site: Site,
  releases: readonly string[],
  by: number,
  look: Look = {},
): Promise<Found> {
  let last: Found = { release: undefined, wrong: ['it was not looked at'] };
  const isWhole = async (): Promise<true | undefined> => {
    last = await examine(site, look).catch((error: unknown) => ({
      release: undefined,
      wrong: [`it cannot be looked at: ${String(error)}`],
    }));
    if (last.wrong.length === 0 && !releases.includes(last.release ?? '')) {
      last = { ...last, wrong: [`it is on ${last.release}, not on ${releases.join(' or ')}`] };
    }
    return last.wrong.length === 0 ? true : undefined;
  };
  const timeoutMs = Math.max(by - performance.now(), 0);
  await pollUntil(isWhole, { timeoutMs, intervalMs: 1_500, what: 'a whole host' }).catch(() => undefined);
  return last;
}
