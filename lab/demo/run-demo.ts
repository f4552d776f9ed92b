// Plays the scenes and cleans up after them, however they end: at the last one, at a claim that does not hold, at Ctrl-C.
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { claudeVersion } from '../claude/fetch-claude.ts';
import { type Engine, findEngine, openEngine, stopEngineIfIdle } from '../engine.ts';
import { removeLab } from '../remove.ts';
import { DemoFailed } from './demo-failed.ts';
import type { Presenter } from './presenter.ts';
import { type Scene, Story, labName } from './story.ts';
import { lead } from './cast.ts';

/** As a shell reports an end by Ctrl-C or by SIGTERM. */
const exitCodeOf = { SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof exitCodeOf;

/** How long a scene may take to notice that its machines are gone. */
const settleMs = 10_000;

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
  const outcome = await Promise.race([playing, stop]);
  if (typeof outcome === 'string') {
    show.bad(`${outcome === 'SIGINT' ? 'stopped by Ctrl-C' : `stopped by ${outcome}`}; cleaning up`);
    await removeLab(engine.docker, labName);
    // What was under way fails now, and may have made something in the meantime.
    await Promise.race([playing, new Promise((resolve) => setTimeout(resolve, settleMs).unref())]);
    await cleanUp(engine, engineRan);
    process.exit(exitCodeOf[outcome]);
  }
  if (outcome !== undefined) {
    show.bad(outcome instanceof DemoFailed ? outcome.message : messageOf(outcome));
    show.bad(options.keep ? lookAround() : 'the demo did not end well; its machines are taken down');
  }
  if (options.keep) {
    if (outcome === undefined) end(show, lookAround());
    return outcome === undefined ? 0 : 1;
  }
  await cleanUp(engine, engineRan);
  if (outcome === undefined)
    end(show, 'Its machines are gone again. To keep them and look around: make demo KEEP=1');
  return outcome === undefined ? 0 : 1;
}

function introduce(show: Presenter): void {
  show.title('convocate: a new release rolls over two agents while their sessions work');
  show.gap();
  show.say(
    'A shell host, two agent hosts, four sessions with the real Claude Code. It takes about three minutes.',
  );
  if (!existsSync(`/var/cache/convocate-lab/claude-${claudeVersion}`))
    show.say(
      `The first run takes some minutes more: it downloads Claude Code ${claudeVersion} from npm (about 100 MB) and makes the machines' image from Debian packages (about 200 MB).`,
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

async function cleanUp(engine: Engine, engineRan: boolean): Promise<void> {
  await removeLab(engine.docker, labName);
  if (!engineRan) await stopEngineIfIdle(engine);
}

function end(show: Presenter, text: string): void {
  show.gap();
  const minutes = `${Math.floor(show.elapsedSeconds / 60)} min ${Math.round(show.elapsedSeconds % 60)} s`;
  show.claim(`All of it held: ${show.claims} claims were put to the test, in ${minutes}.`, true);
  show.lines(text.split('\n'));
}

function lookAround(): string {
  const node = relative(process.cwd(), process.execPath);
  const cli = `${node.startsWith('..') ? process.execPath : node} ${relative(process.cwd(), process.argv[1] ?? '').replace('demo/demo.ts', 'cli.ts')}`;
  const asClaude = `${cli} ssh shell --name ${labName} -- runuser -u claude --`;
  return [
    'The machines stay up. From this checkout:',
    '',
    `${cli} ssh shell --name ${labName}    # root on the shell host`,
    `${asClaude} convocate ls`,
    `${asClaude} convocate attach ${lead}    # Ctrl-B D leaves`,
    '',
    `${cli} down --name ${labName}    # takes them down`,
  ].join('\n');
}

function messageOf(error: Error): string {
  return error.message || String(error);
}
