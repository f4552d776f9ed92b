// Plays the scenes and cleans up after them, however they end: at the last one, at a claim that does not hold, at Ctrl-C.
import { join, relative } from 'node:path';
import { claudeVersion } from '../claude/fetch-claude.ts';
import { type Engine, findEngine, openEngine, stopEngineIfIdle } from '../engine.ts';
import { removeLab } from '../remove.ts';
import type { Presenter } from './presenter.ts';
import { type Scene, Story, labName } from './story.ts';
import { lead } from './cast.ts';

/** As a shell reports an end by Ctrl-C or by SIGTERM. */
const exitCodeOf = { SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof exitCodeOf;

/** How long a scene may take to notice that its machines are gone. */
const settleMs = 10_000;
const graceMs = 200;

/** Gives the exit code of the process. */
export async function runDemo(
  scenes: readonly Scene[],
  show: Presenter,
  options: { readonly keep: boolean },
): Promise<number> {
  introduce(show);
  const engineRan = (await findEngine()) !== undefined;
  const engine = await show.working('Docker Engine for the lab', openEngine());
  await removeLab(engine.docker, labName);

  const stop = stopSignal();
  const playing = play(scenes, new Story(show));
  const outcome = await Promise.race([stop, playing.then((error) => orSignal(stop, error))]);
  if (typeof outcome === 'string') {
    show.bad(`${outcome === 'SIGINT' ? 'stopped by Ctrl-C' : `stopped by ${outcome}`}; cleaning up`);
    await removeLab(engine.docker, labName);
    // What was under way fails now, and may have made something in the meantime.
    await Promise.race([playing, new Promise((resolve) => setTimeout(resolve, settleMs).unref())]);
    await cleanUp(engine, engineRan);
    show.say('The machines are gone.');
    process.exit(exitCodeOf[outcome]);
  }
  if (outcome !== undefined) {
    show.bad(outcome.message || String(outcome));
    if (!options.keep)
      show.lines(['The demo did not end well. Its machines are taken down; KEEP=1 keeps them.']);
  }
  if (options.keep) {
    if (outcome === undefined) sumUp(show);
    show.lines(lookAround());
    return outcome === undefined ? 0 : 1;
  }
  await cleanUp(engine, engineRan);
  if (outcome !== undefined) return 1;
  sumUp(show);
  show.say('Its machines are gone again. To keep them and look around: make demo KEEP=1');
  return 0;
}

function introduce(show: Presenter): void {
  show.title('convocate: a new release rolls over two agents while their sessions work');
  show.gap();
  show.say(
    'A shell host, two agent hosts, four sessions with the real Claude Code. It takes about three minutes.',
  );
  show.say(
    `The first run on a box takes some minutes more: it makes the machines' image from Debian packages and downloads Claude Code ${claudeVersion} from npm (381 MB unpacked).`,
  );
  show.gap();
}

/** Undefined when all went well, else the error. */
async function play(scenes: readonly Scene[], story: Story): Promise<Error | undefined> {
  try {
    for (const scene of scenes) {
      story.show.heading(scene.title);
      await scene.play(story);
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function stopSignal(): Promise<StopSignal> {
  return new Promise((resolve) => {
    // `on`, not `once`: a second Ctrl-C must not end the clean-up.
    process.on('SIGINT', () => resolve('SIGINT'));
    process.on('SIGTERM', () => resolve('SIGTERM'));
  });
}

/** Ctrl-C also ends what a scene had running, and the scene's failure may come first. */
async function orSignal(
  stop: Promise<StopSignal>,
  error: Error | undefined,
): Promise<Error | StopSignal | undefined> {
  if (error === undefined) return undefined;
  const grace = new Promise<Error>((resolve) => void setTimeout(resolve, graceMs, error));
  return await Promise.race([stop, grace]);
}

async function cleanUp(engine: Engine, engineRan: boolean): Promise<void> {
  await removeLab(engine.docker, labName);
  if (!engineRan) await stopEngineIfIdle(engine);
}

function sumUp(show: Presenter): void {
  show.gap();
  const minutes = Math.floor(show.elapsedSeconds / 60);
  const seconds = Math.round(show.elapsedSeconds % 60);
  show.say(`All of it held: ${show.claims} claims were put to the test, in ${minutes} min ${seconds} s.`);
}

function lookAround(): string[] {
  // The Node that runs now: the box's own may be too old to run TypeScript.
  const [node, cli] = [process.execPath, join(import.meta.dirname, '../cli.ts')].map(fromHere);
  const options = `--name ${labName}`;
  return [
    'The machines stay up:',
    '',
    `  ${node} ${cli} ssh shell ${options}`,
    '      root on the shell host; there:',
    '        convocate-host status',
    '        runuser -u claude -- convocate ls',
    `        runuser -u claude -- convocate attach ${lead}     (Ctrl-B D leaves it)`,
    `  ${node} ${cli} ssh agent-a ${options}`,
    '      root on an agent host; there: docker ps',
    `  ${node} ${cli} down ${options}`,
    '      takes them down',
  ];
}

function fromHere(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
