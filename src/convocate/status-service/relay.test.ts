import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { expect, test } from 'vitest';
import { relay } from './relay.ts';

function wires(): { user: Duplex; session: Duplex; done: Promise<void> } {
  const [user, client] = duplexPair();
  const [terminal, session] = duplexPair();
  return { user, session, done: relay(client, terminal, 20) };
}

test('what the session says last reaches the user before the end', async () => {
  const { user, session, done } = wires();
  session.write('almost ');
  session.end('over');
  let seen = '';
  for await (const chunk of user) seen += String(chunk);
  expect(seen).toBe('almost over');
  user.end();
  await done;
});

test("the user's end detaches", async () => {
  const { user, session, done } = wires();
  user.end('bye');
  let seen = '';
  for await (const chunk of session) seen += String(chunk);
  expect(seen).toBe('bye');
  session.end();
  await done;
});

test('a session that does not take the detach is hung up on', async () => {
  const { user, session, done } = wires();
  session.resume();
  user.resume();
  user.end();
  await done; // though `session` never ends by itself
});

test('a user who is gone takes the terminal along', async () => {
  const { user, session, done } = wires();
  session.resume();
  const closed = once(session, 'end');
  user.destroy();
  await closed;
  session.end();
  await done;
});
